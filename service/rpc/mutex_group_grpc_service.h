// MutexGroupService as gRPC serves it: reactors that hand calls over to a CallRunner.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>

#include "service/rpc/call_runner.h"
#include "service/rpc/listener_traits.h"

namespace mutexd::rpc {

// One for each listener, whose `traits` its calls have. `runner` must outlive every call: shut the
// server down first.
std::unique_ptr<grpc::Service> MakeMutexGroupGrpcService(CallRunner& runner, ListenerTraits traits);

}  // namespace mutexd::rpc
