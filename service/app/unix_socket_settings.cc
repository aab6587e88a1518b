#include "service/app/unix_socket_settings.h"

#include <grp.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mutexd::app {
namespace {

constexpr std::size_t kLongestName = 128;

absl::Status Bad(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status CheckName(absl::string_view name) {
  if (name.empty() || name.size() > kLongestName) {
    return Bad("needs a name of 1 to 128 characters; write NAME or PATH=NAME");
  }
  for (const char c : name) {
    if (!absl::ascii_isgraph(c)) {
      return Bad("has a name with spaces or characters beyond ASCII; choose another");
    }
  }
  return absl::OkStatus();
}

}  // namespace

const std::string& UnixIdentities::Of(const std::string& path) const {
  const auto found = own.find(path);
  return found == own.end() ? everywhere : found->second;
}

absl::StatusOr<UnixIdentities> ParseUnixIdentities(absl::Span<const std::string> texts) {
  UnixIdentities identities;
  identities.everywhere = "unix";
  for (const absl::string_view text : texts) {
    // A path may have an equals sign; a name has none.
    const std::size_t equals = text.rfind('=');
    const absl::string_view name =
        equals == absl::string_view::npos ? text : text.substr(equals + 1);
    const absl::Status status = CheckName(name);
    if (!status.ok()) return status;
    if (equals == absl::string_view::npos) {
      identities.everywhere = std::string(name);
      continue;
    }
    absl::string_view path = text.substr(0, equals);
    absl::ConsumePrefix(&path, "unix:");
    if (path.empty()) return Bad("has no path before the equals sign; write NAME or PATH=NAME");
    identities.own[std::string(path)] = std::string(name);
  }
  return identities;
}

absl::StatusOr<mode_t> ParseSocketMode(absl::string_view text) {
  mode_t mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return Bad("is not an octal number; write it as 0660");
    mode = mode * 8 + static_cast<mode_t>(c - '0');
    if (mode > 0777) return Bad("is more than 0777; write it as 0660");
  }
  if (text.empty()) return Bad("is empty; write it as 0660");
  if ((mode & 0222) == 0) return Bad("lets nobody connect; give write permission, as in 0660");
  return mode;
}

absl::StatusOr<gid_t> ParseGroup(const std::string& text) {
  std::uint32_t number = 0;
  const bool only_digits =
      !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (only_digits && absl::SimpleAtoi(text, &number) &&
      number != std::numeric_limits<gid_t>::max()) {
    return number;
  }
  group entry{};
  group* found = nullptr;
  std::vector<char> buffer(16384);
  if (getgrnam_r(text.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return Bad("is no group of this machine; give a name of /etc/group, or a number");
  }
  return found->gr_gid;
}

}  // namespace mutexd::app
