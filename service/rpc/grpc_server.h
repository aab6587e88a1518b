// A gRPC server: its one listener, its limits and its end.
#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/rpc/async_service.h"

namespace mutexd::rpc {

// Any thread.
class GrpcServer {
 public:
  // `address` as gRPC writes it: "127.0.0.1:0", "[::1]:50051", "unix:/run/mutexd.sock"; the error
  // names it. A server has one listener, so that its services, which are its alone, know by which
  // listener a call came. `services` must outlive the server.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const std::string& address, const std::vector<AsyncService*>& services);

  ~GrpcServer();  // ends at once what Drain has not ended
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  int bound_port() const { return bound_port_; }  // the real port; 1 for a unix socket

  // Accepts nothing more and returns when all calls have ended; cancels those that have not after
  // `timeout`. Blocks: never call it on a thread that the calls need.
  void Drain(absl::Duration timeout);

 private:
  GrpcServer() = default;

  int bound_port_ = 0;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;  // takes from the queue what gRPC has done
};

enum class GrpcLogSeverity { kDebug, kInfo, kError };

// Sends what gRPC itself has to say to `write`, on any thread, instead of to stderr; to nowhere
// when `write` is null. When it returns, a former `write` is no longer in use. Does nothing with
// versions of gRPC that log through Abseil.
void RouteGrpcLog(std::function<void(GrpcLogSeverity, absl::string_view)> write);

}  // namespace mutexd::rpc
