// How settings write who may use unix sockets, and what those who do are called.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace mutexd::app {

// The name that the callers on each unix socket have.
struct UnixIdentities {
  std::string everywhere;                  // where the socket has none of its own
  std::map<std::string, std::string> own;  // by the socket's path

  const std::string& Of(const std::string& path) const;
};

// Each text is a NAME for all sockets, or PATH=NAME.
absl::StatusOr<UnixIdentities> ParseUnixIdentities(absl::Span<const std::string> texts);

// Octal, such as `0660`.
absl::StatusOr<mode_t> ParseSocketMode(absl::string_view text);

// A name of the system's group database, or a number.
absl::StatusOr<gid_t> ParseGroup(const std::string& text);

}  // namespace mutexd::app
