// grpc.health.v1: whether this process serves, for load balancers, meshes and clients.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/rpc/async_service.h"

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

  AsyncService& service();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mutexd::rpc
