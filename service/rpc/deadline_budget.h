// How long an RPC may work before its answer must be on its way.
#pragma once

#include "absl/time/time.h"

namespace mutexd::rpc {

// Work ends a tenth of the RPC's time early, at least 20 and at most 200 ms, so that the caller
// sees the service's DEADLINE_EXCEEDED and its metadata rather than its own. Not negative.
absl::Duration WorkTime(absl::Duration time_left);

}  // namespace mutexd::rpc
