#include "service/rpc/grpc_server.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "service/rpc/send_goaway.h"

namespace mutexd::rpc {
namespace {

constexpr int kLargestRequest = 4 << 20;    // bytes: gRPC's default, said aloud
constexpr int kLargestMetadata = 16 << 10;  // bytes of all of a call's metadata

// Ordinary clients ping every 10 s at the most. By default gRPC allows a ping every five minutes
// and answers more with GOAWAY too_many_pings.
constexpr int kShortestPingInterval = 5'000;  // ms

// A connection whose client vanished without a word is found out in about a minute.
constexpr int kKeepaliveTime = 60'000;     // ms
constexpr int kKeepaliveTimeout = 20'000;  // ms

// How long calls on a connection that is too old may go on: longer than deadlines usually are.
constexpr int kAgeGrace = 300'000;  // ms

// All servers of the process share one.
grpc::ResourceQuota& SharedQuota() {
  static auto* const quota = new grpc::ResourceQuota("mutexd");
  return *quota;
}

void SetLimits(const GrpcLimits& limits, grpc::ServerBuilder& builder) {
  SharedQuota().Resize(limits.memory);
  builder.SetResourceQuota(SharedQuota());
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  // gRPC applies the limit to a message as it comes, and inflates it without one.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kLargestMetadata);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kShortestPingInterval);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTime);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeout);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, limits.channelz ? 1 : 0);
  if (limits.max_connection_age != absl::InfiniteDuration()) {
    builder.AddChannelArgument(
        GRPC_ARG_MAX_CONNECTION_AGE_MS,
        static_cast<int>(absl::ToInt64Milliseconds(limits.max_connection_age)));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGrace);
  }
}

// Until the queue is shut down and empty. One thread does it: two would take turns in waiting, and
// wake each other for every call.
void TakeAll(grpc::ServerCompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) AsyncOperation::Done(tag, ok);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    const GrpcLimits& limits, std::shared_ptr<grpc::ServerCredentials> credentials,
    const std::vector<AsyncService*>& services) {
  std::unique_ptr<GrpcServer> server(new GrpcServer());
  server->credentials_ =
      credentials != nullptr ? std::move(credentials) : grpc::InsecureServerCredentials();
  grpc::ServerBuilder builder;
  SetLimits(limits, builder);
  for (AsyncService* service : services) builder.RegisterService(&service->service());
  server->queue_ = builder.AddCompletionQueue();
  server->source_.emplace(CallSource{*server->queue_, server->calls_, server->sockets_});
  using From = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  server->acceptor_ =
      builder.experimental().AddExternalConnectionAcceptor(From::FROM_FD, server->credentials_);
  server->server_ = builder.BuildAndStart();
  if (!server->server_) return absl::InternalError("gRPC cannot start its server");
  for (AsyncService* service : services) service->Serve(*server->source_);
  server->thread_ = std::thread([queue = server->queue_.get()] { TakeAll(*queue); });
  return server;
}

void GrpcServer::Serve(int descriptor) {
  // Of a client that has gone already gRPC would complain aloud.
  sockaddr_storage peer;
  socklen_t size = sizeof(peer);
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    close(descriptor);
    return;
  }
  sockets_.Add(descriptor);
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.fd = descriptor;
  acceptor_->HandleNewConnection(&connection);
}

GrpcServer::~GrpcServer() {
  if (server_) Drain(absl::ZeroDuration());
  if (!queue_) return;
  calls_.WaitForNone();
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    TakeAll(*queue_);
  }
}

bool GrpcServer::SendClientsAway() { return SendGoaway(*server_); }

void GrpcServer::Drain(absl::Duration timeout) {
  // Once gRPC shuts down it cancels what is still sent on connections that it has.
  const gpr_timespec end =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_micros(absl::ToInt64Microseconds(timeout), GPR_TIMESPAN));
  calls_.WaitForNone(std::chrono::steady_clock::now() + absl::ToChronoMicroseconds(timeout));
  server_->Shutdown(end);
  server_->Wait();
}

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
namespace {

struct LogRoute {
  std::mutex mutex;  // held while a line is written, so that whoever ends the route can go
  std::function<void(GrpcLogSeverity, absl::string_view)> write;
};

LogRoute& Route() {
  static auto* const route = new LogRoute();
  return *route;
}

GrpcLogSeverity SeverityOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_ERROR:
      return GrpcLogSeverity::kError;
    case GPR_LOG_SEVERITY_INFO:
      return GrpcLogSeverity::kInfo;
    case GPR_LOG_SEVERITY_DEBUG:
      break;
  }
  return GrpcLogSeverity::kDebug;
}

void WriteToRoute(gpr_log_func_args* line) {
  LogRoute& route = Route();
  const std::lock_guard lock(route.mutex);
  if (route.write) route.write(SeverityOf(line->severity), line->message);
}

}  // namespace

void RouteGrpcLog(std::function<void(GrpcLogSeverity, absl::string_view)> write) {
  LogRoute& route = Route();
  {
    const std::lock_guard lock(route.mutex);
    route.write = std::move(write);
  }
  gpr_set_log_function(WriteToRoute);
}
#else
void RouteGrpcLog(std::function<void(GrpcLogSeverity, absl::string_view)>) {}
#endif

}  // namespace mutexd::rpc
