// Refuses requests that would not cross the wire as they were meant.
#pragma once

#include "absl/status/status.h"
#include "service/http/http_transport.h"

namespace mutexd::http {

// INVALID_ARGUMENT for a URL that is not absolute http or https or holds spaces or control
// characters, and for a header whose name is no token or whose value holds control characters (so
// that nothing can smuggle in another header). The message names the header, never its value.
absl::Status CheckRequest(const HttpRequest& request);

}  // namespace mutexd::http
