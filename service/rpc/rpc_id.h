// The id by which callers and operators find an RPC in logs.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::rpc {

// What the caller sent as x-request-id, if it is fit for trailers and logs (1 to 128 visible ASCII
// characters); otherwise a new one of 32 hex digits.
std::string RpcId(absl::string_view from_caller);

}  // namespace mutexd::rpc
