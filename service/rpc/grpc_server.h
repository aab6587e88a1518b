// A gRPC server: its limits and its end. Connections are brought to it.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/rpc/async_service.h"

namespace mutexd::rpc {

// What a server allows.
struct GrpcLimits {
  int max_concurrent_streams = 1000;            // calls at a time, for each connection
  std::size_t memory = std::size_t{512} << 20;  // bytes for gRPC's buffers, in the whole process

  // How long a connection lives, give or take a tenth, so that clients spread over new replicas;
  // calls on it may finish. Infinite: as long as its client wants.
  absl::Duration max_connection_age = absl::InfiniteDuration();

  // Whether gRPC remembers of each connection what channelz shows (channelz_service.h).
  bool channelz = false;
};

// Any thread.
class GrpcServer {
 public:
  // All connections of a server come by one listener, so that its services, which are its alone,
  // know by which. They must outlive the server. Without `credentials`, plaintext.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const GrpcLimits& limits, std::shared_ptr<grpc::ServerCredentials> credentials,
      const std::vector<AsyncService*>& services);

  ~GrpcServer();  // ends at once what Drain has not ended
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Serves a connected socket, which does not block, and owns it from now on. Not during or after
  // Drain.
  void Serve(int descriptor);

  // Tells all clients to go elsewhere, where it can (send_goaway.h). Blocks for a moment.
  bool SendClientsAway();

  // Returns when all calls have ended; cancels those that have not after `timeout`. New calls are
  // taken until then. Blocks: never call it on a thread that the calls need.
  void Drain(absl::Duration timeout);

 private:
  GrpcServer() = default;

  std::shared_ptr<grpc::ServerCredentials> credentials_;  // outlive the server
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  CallsUnderWay calls_;
  PeerSockets sockets_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::optional<CallSource> source_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;  // takes from the queue what gRPC has done
};

enum class GrpcLogSeverity { kDebug, kInfo, kError };

// Sends what gRPC itself has to say to `write`, on any thread, instead of to stderr; to nowhere
// when `write` is null. When it returns, a former `write` is no longer in use. Does nothing with
// versions of gRPC that log through Abseil.
void RouteGrpcLog(std::function<void(GrpcLogSeverity, absl::string_view)> write);

}  // namespace mutexd::rpc
