// MutexGroupService as gRPC serves it: hands calls over to a CallRunner, and its answers back.
#pragma once

#include <memory>

#include "service/rpc/async_service.h"
#include "service/rpc/call_runner.h"
#include "service/rpc/listener_traits.h"

namespace mutexd::rpc {

// One for each listener, whose `traits` its calls have. `runner` must outlive every call: shut the
// server down first.
std::unique_ptr<AsyncService> MakeMutexGroupGrpcService(CallRunner& runner, ListenerTraits traits);

}  // namespace mutexd::rpc
