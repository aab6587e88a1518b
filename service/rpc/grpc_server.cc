#include "service/rpc/grpc_server.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexd::rpc {
namespace {

constexpr int kLargestRequest = 4 << 20;    // bytes: gRPC's default, said aloud
constexpr int kLargestMetadata = 16 << 10;  // bytes of all of a call's metadata
constexpr std::size_t kMemory = std::size_t{512} << 20;
constexpr int kStreamsPerConnection = 1000;

// Ordinary clients ping every 10 s at the most. By default gRPC allows a ping every five minutes
// and answers more with GOAWAY too_many_pings.
constexpr int kShortestPingInterval = 5'000;  // ms

// A connection whose client vanished without a word is found out in about a minute.
constexpr int kKeepaliveTime = 60'000;     // ms
constexpr int kKeepaliveTimeout = 20'000;  // ms

// All servers of the process share its memory.
const grpc::ResourceQuota& SharedQuota() {
  static const auto* const quota = [] {
    auto* made = new grpc::ResourceQuota("mutexd");
    made->Resize(kMemory);
    return made;
  }();
  return *quota;
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetResourceQuota(SharedQuota());
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kLargestMetadata);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kShortestPingInterval);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTime);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeout);
  // By default two servers can share a port without noticing.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
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
    const std::string& address, const std::vector<AsyncService*>& services) {
  std::unique_ptr<GrpcServer> server(new GrpcServer());
  grpc::ServerBuilder builder;
  SetLimits(builder);
  for (AsyncService* service : services) builder.RegisterService(&service->service());
  server->queue_ = builder.AddCompletionQueue();
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &server->bound_port_);
  server->server_ = builder.BuildAndStart();
  if (server->bound_port_ == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address));
  }
  if (!server->server_) return absl::InternalError("gRPC cannot start its server");
  for (AsyncService* service : services) service->Serve(*server->queue_);
  server->thread_ = std::thread([queue = server->queue_.get()] { TakeAll(*queue); });
  return server;
}

GrpcServer::~GrpcServer() {
  if (server_) Drain(absl::ZeroDuration());
  if (!queue_) return;
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    TakeAll(*queue_);
  }
}

void GrpcServer::Drain(absl::Duration timeout) {
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(timeout));
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
