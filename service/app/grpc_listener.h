// One address on which gRPC is served, with a server and services of its own.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/app/listen_address.h"
#include "service/rpc/call_runner.h"
#include "service/rpc/grpc_server.h"
#include "service/rpc/health_service.h"
#include "service/rpc/listener_traits.h"
#include "service/rpc/reflection_service.h"

namespace mutexd::app {

// Any thread.
class GrpcListener {
 public:
  // Serves when it returns, but says that it does not until SetServing. `runner` must outlive it.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(const ListenAddress& address,
                                                             rpc::ListenerTraits traits,
                                                             rpc::CallRunner& runner);
  GrpcListener(const GrpcListener&) = delete;
  GrpcListener& operator=(const GrpcListener&) = delete;

  // With the real port.
  const std::string& address() const { return address_; }

  void SetServing() { health_.SetServing(true); }

  // Tells health watchers, and ends the streams that a server would wait for. Calls are still
  // taken.
  void AnnounceEnd();

  // Accepts nothing more and returns when all calls have ended, at most `timeout` later. Blocks.
  void Drain(absl::Duration timeout) { server_->Drain(timeout); }

 private:
  GrpcListener(rpc::ListenerTraits traits, rpc::CallRunner& runner);

  std::string address_;
  rpc::HealthService health_;
  rpc::ReflectionService reflection_;
  std::unique_ptr<rpc::AsyncService> mutex_group_service_;
  std::unique_ptr<rpc::GrpcServer> server_;  // goes first
};

}  // namespace mutexd::app
