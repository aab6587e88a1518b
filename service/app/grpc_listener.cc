#include "service/app/grpc_listener.h"

#include <utility>
#include <vector>

#include "service/rpc/mutex_group_grpc_service.h"

namespace mutexd::app {
namespace {

constexpr const char* kMutexGroupService = "mutexgroups.v1.MutexGroupService";
constexpr const char* kHealthService = "grpc.health.v1.Health";

}  // namespace

GrpcListener::GrpcListener(std::string address, rpc::ListenerTraits traits, rpc::CallRunner& runner)
    : address_(std::move(address)),
      health_({kMutexGroupService}),
      reflection_({kMutexGroupService, kHealthService}),
      mutex_group_service_(rpc::MakeMutexGroupGrpcService(runner, std::move(traits))) {}

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(ListenSocket socket,
                                                                  Options options,
                                                                  rpc::CallRunner& runner,
                                                                  AcceptObserver& observer) {
  std::unique_ptr<GrpcListener> listener(
      new GrpcListener(socket.address(), std::move(options.traits), runner));
  std::vector<rpc::AsyncService*> services = listener->reflection_.services();
  services.push_back(&listener->health_.service());
  services.push_back(listener->mutex_group_service_.get());
  auto server = rpc::GrpcServer::Start(options.limits, std::move(options.credentials), services);
  if (!server.ok()) return server.status();
  listener->server_ = *std::move(server);
  auto acceptor = ConnectionAcceptor::Start(
      std::move(socket),
      [server = listener->server_.get()](int descriptor) { server->Serve(descriptor); }, observer);
  if (!acceptor.ok()) return acceptor.status();
  listener->acceptor_ = *std::move(acceptor);
  return listener;
}

bool GrpcListener::SendClientsAway() {
  acceptor_.reset();
  health_.Shutdown();
  reflection_.Shutdown();
  return server_->SendClientsAway();
}

void GrpcListener::Drain(absl::Duration timeout) { server_->Drain(timeout); }

}  // namespace mutexd::app
