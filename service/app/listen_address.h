// An address to listen on, as settings write it: `127.0.0.1:50051`, `[::1]:0`, `localhost:50051` or
// `unix:/run/mutexd.sock`.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mutexd::app {

struct ListenAddress {
  std::string host;  // without brackets; empty for a unix socket
  int port = 0;      // 0: the system chooses
  std::string unix_path;

  bool is_unix() const { return !unix_path.empty(); }

  // The form that it was written in, with `bound_port` as the port.
  std::string ToString(int bound_port) const;
  std::string ToString() const { return ToString(port); }
};

// The error says what is wrong and how to write it.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

// Whether `host` (a name, or a literal without brackets) is this machine only: `localhost`,
// 127.0.0.0/8 or ::1.
bool IsLoopbackHost(absl::string_view host);

}  // namespace mutexd::app
