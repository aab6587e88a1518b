// grpc.health.v1: whether this process serves, for load balancers, meshes and clients.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

namespace mutexd::rpc {

// Knows the server as a whole ("") and the services that it is made with, which all have the same
// status. Any thread.
class HealthService {
 public:
  // Begins as not serving.
  explicit HealthService(std::vector<std::string> service_names);
  ~HealthService();  // shut the server down first
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  // Tells every watcher.
  void SetServing(bool serving);

  // Not serving for good: tells every watcher so and then ends its stream with UNAVAILABLE, as a
  // server that shuts down waits for open streams.
  void Shutdown();

  grpc::Service* service();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mutexd::rpc
