// One address on which gRPC is served, with a server and services of its own.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/app/connection_acceptor.h"
#include "service/app/listen_socket.h"
#include "service/rpc/call_runner.h"
#include "service/rpc/grpc_server.h"
#include "service/rpc/health_service.h"
#include "service/rpc/listener_traits.h"
#include "service/rpc/reflection_service.h"

namespace mutexd::app {

// Any thread.
class GrpcListener {
 public:
  struct Options {
    rpc::ListenerTraits traits;
    rpc::GrpcLimits limits;
    std::shared_ptr<grpc::ServerCredentials> credentials;  // null: plaintext
  };

  // Serves when it returns, but says that it does not until SetServing. `runner` and `observer`
  // must outlive it.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(ListenSocket socket, Options options,
                                                             rpc::CallRunner& runner,
                                                             AcceptObserver& observer);
  GrpcListener(const GrpcListener&) = delete;
  GrpcListener& operator=(const GrpcListener&) = delete;

  // With the real port.
  const std::string& address() const { return address_; }

  void SetServing() { health_.SetServing(true); }

  // Accepts no more connections, ends the streams that a server would wait for, and tells all
  // clients to go elsewhere, which is false where gRPC cannot. What they begin before they learn of
  // it is still taken.
  bool SendClientsAway();

  // Returns when all calls have ended, at most `timeout` later. Blocks.
  void Drain(absl::Duration timeout);

 private:
  GrpcListener(std::string address, rpc::ListenerTraits traits, rpc::CallRunner& runner);

  const std::string address_;
  rpc::HealthService health_;
  rpc::ReflectionService reflection_;
  std::unique_ptr<rpc::AsyncService> mutex_group_service_;
  std::unique_ptr<rpc::GrpcServer> server_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;  // goes first
};

}  // namespace mutexd::app
