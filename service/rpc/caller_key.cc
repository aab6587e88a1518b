#include "service/rpc/caller_key.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace mutexd::rpc {
namespace {

// Amplitude's own are a tenth of it.
constexpr std::size_t kLongestKey = 512;

}  // namespace

absl::StatusOr<std::shared_ptr<const amplitude::Credential>> CallerKey(absl::string_view value,
                                                                       bool confidential) {
  if (!confidential) {
    return absl::InvalidArgumentError(
        "this service works with its callers' management keys, and this connection is not "
        "encrypted: connect by TLS, by a unix socket or on the same machine");
  }
  if (value.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this service works with its callers' management keys: send yours in the metadata ",
        kKeyMetadata));
  }
  if (value.size() > kLongestKey) {
    return absl::InvalidArgumentError(absl::StrCat("the management key in the metadata ",
                                                   kKeyMetadata, " is longer than ", kLongestKey,
                                                   " bytes; send it as Amplitude shows it"));
  }
  if (value.find(',') != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("the metadata ", kKeyMetadata,
                                                   " is given more than once, or has a comma; send "
                                                   "one management key"));
  }
  if (!std::all_of(value.begin(), value.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the management key in the metadata ", kKeyMetadata,
                     " has spaces or control characters; send it as Amplitude shows it"));
  }
  return std::make_shared<const amplitude::Credential>(
      amplitude::Credential{.management_key = std::string(value), .from_caller = true});
}

}  // namespace mutexd::rpc
