// gRPC server reflection, v1 and v1alpha: lets grpcurl and others call the service without its
// protos.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/rpc/async_service.h"

namespace mutexd::rpc {

// Resolves every proto that is linked into the program, by file and by any symbol: the services'
// own, the google.rpc details of errors and protobuf's well-known types. Any thread.
class ReflectionService {
 public:
  // `service_names` is what list_services answers, besides reflection itself.
  explicit ReflectionService(std::vector<std::string> service_names);
  ~ReflectionService();  // shut the server down first
  ReflectionService(const ReflectionService&) = delete;
  ReflectionService& operator=(const ReflectionService&) = delete;

  // Ends open streams with UNAVAILABLE: tools hold them open, and a server that shuts down waits
  // for them. So are those that come later.
  void Shutdown();

  // To be registered: v1 and v1alpha.
  std::vector<AsyncService*> services();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mutexd::rpc
