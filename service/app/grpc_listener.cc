#include "service/app/grpc_listener.h"

#include <utility>
#include <vector>

#include "service/rpc/mutex_group_grpc_service.h"

namespace mutexd::app {
namespace {

constexpr const char* kMutexGroupService = "mutexgroups.v1.MutexGroupService";
constexpr const char* kHealthService = "grpc.health.v1.Health";

}  // namespace

GrpcListener::GrpcListener(rpc::ListenerTraits traits, rpc::CallRunner& runner)
    : health_({kMutexGroupService}),
      reflection_({kMutexGroupService, kHealthService}),
      mutex_group_service_(rpc::MakeMutexGroupGrpcService(runner, std::move(traits))) {}

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(const ListenAddress& address,
                                                                  rpc::ListenerTraits traits,
                                                                  rpc::CallRunner& runner) {
  std::unique_ptr<GrpcListener> listener(new GrpcListener(std::move(traits), runner));
  std::vector<rpc::AsyncService*> services = listener->reflection_.services();
  services.push_back(&listener->health_.service());
  services.push_back(listener->mutex_group_service_.get());
  auto server = rpc::GrpcServer::Start(address.ToString(), services);
  if (!server.ok()) return server.status();
  listener->server_ = *std::move(server);
  listener->address_ = address.ToString(listener->server_->bound_port());
  return listener;
}

void GrpcListener::AnnounceEnd() {
  health_.Shutdown();
  reflection_.Shutdown();
}

}  // namespace mutexd::app
