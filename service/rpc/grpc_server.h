// The gRPC server: its listeners, its limits and its end.
#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::rpc {

// Any thread.
class GrpcServer {
 public:
  struct Listener {
    std::string
        address;         // as gRPC writes it: "127.0.0.1:0", "[::1]:50051", "unix:/run/mutexd.sock"
    int bound_port = 0;  // the real port; 1 for a unix socket
  };

  // Listens on all of `addresses`, or on none: then the error names the one that cannot be had.
  // `services` must outlive the server.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const std::vector<std::string>& addresses, const std::vector<grpc::Service*>& services);

  ~GrpcServer();  // ends at once what Drain has not ended
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  const std::vector<Listener>& listeners() const { return listeners_; }

  // Accepts nothing more and returns when all calls have ended; cancels those that have not after
  // `timeout`. Blocks: never call it on a thread that the calls need.
  void Drain(absl::Duration timeout);

 private:
  GrpcServer() = default;

  std::vector<Listener> listeners_;
  std::unique_ptr<grpc::Server> server_;
};

enum class GrpcLogSeverity { kDebug, kInfo, kError };

// Sends what gRPC itself has to say to `write`, on any thread, instead of to stderr; to nowhere
// when `write` is null. When it returns, a former `write` is no longer in use. Does nothing with
// versions of gRPC that log through Abseil.
void RouteGrpcLog(std::function<void(GrpcLogSeverity, absl::string_view)> write);

}  // namespace mutexd::rpc
