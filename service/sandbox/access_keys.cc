#include "service/sandbox/access_keys.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mutexd::sandbox {
namespace {

constexpr absl::string_view kScheme = "Bearer ";
constexpr absl::string_view kKeyPrefix = "ampex_";

}  // namespace

absl::StatusOr<AccessKey> ParseAccessKey(absl::string_view text) {
  const std::size_t equals = text.rfind('=');
  AccessKey key{std::string(text.substr(0, equals)), KeyState::kValid};
  const absl::string_view state =
      equals == absl::string_view::npos ? "valid" : text.substr(equals + 1);
  if (state == "revoked") {
    key.state = KeyState::kRevoked;
  } else if (state == "other-project") {
    key.state = KeyState::kOtherProject;
  } else if (state != "valid") {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", state, "\" is not a state of a key: use valid, revoked or other-project"));
  }
  if (key.key.empty()) return absl::InvalidArgumentError("a key must not be empty");
  return key;
}

AccessKeys::AccessKeys(std::vector<AccessKey> keys) : keys_(std::move(keys)) {}

Access AccessKeys::Check(absl::string_view authorization) const {
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) {
    return AccessRefused{401, "Authorization: Bearer <management-api-key> is required"};
  }
  const std::string key(absl::StripAsciiWhitespace(authorization.substr(kScheme.size())));
  if (keys_.empty()) {
    if (key.size() > kKeyPrefix.size() && absl::StartsWith(key, kKeyPrefix)) {
      return AccessGranted{key};
    }
    return AccessRefused{401, "Invalid management API key"};
  }
  const auto known = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const AccessKey& candidate) { return candidate.key == key; });
  if (known == keys_.end()) return AccessRefused{401, "Invalid management API key"};
  switch (known->state) {
    case KeyState::kValid:
      break;
    case KeyState::kRevoked:
      return AccessRefused{401, "The management API key was revoked"};
    case KeyState::kOtherProject:
      return AccessRefused{403, "The management API key has no access to this environment"};
  }
  return AccessGranted{key};
}

}  // namespace mutexd::sandbox
