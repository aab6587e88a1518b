#include "service/rpc/mutex_group_grpc_service.h"

#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"
#include "service/rpc/caller_key.h"
#include "service/rpc/peer_certificate.h"

namespace mutexd::rpc {
namespace {

using grpc::ByteBuffer;
using grpc::ServerCompletionQueue;
using grpc::ServerContext;

// Calls of a method that gRPC can hand over without asking. Further ones wait in gRPC meanwhile.
constexpr int kAwaitedCalls = 4;

// A request and the arena that it lives on.
struct ParsedRequest {
  google::protobuf::Arena arena;
  google::protobuf::Message* message = nullptr;
};

// Null when the bytes are not a message of this type.
std::shared_ptr<const google::protobuf::Message> Parse(const google::protobuf::Message& prototype,
                                                       const ByteBuffer& bytes) {
  auto parsed = std::make_shared<ParsedRequest>();
  parsed->message = prototype.New(&parsed->arena);
  ByteBuffer copy(bytes);  // shares the slices; reading consumes a buffer
  grpc::ProtoBufferReader reader(&copy);
  if (!reader.status().ok() || !parsed->message->ParseFromZeroCopyStream(&reader)) return nullptr;
  return {parsed, parsed->message};
}

// Replies that are no longer are copied, which takes less than sharing them.
constexpr std::size_t kCopiedBytes = 2048;

grpc::Slice ToSlice(const SharedBytes& reply) {
  const absl::string_view bytes = reply.view();
  if (bytes.size() <= kCopiedBytes) return grpc::Slice(bytes.data(), bytes.size());
  // gRPC only reads what is in a slice.
  return grpc::Slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void* owner) { delete static_cast<SharedBytes*>(owner); }, new SharedBytes(reply));
}

std::string MetadataValue(const ServerContext& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return {};
  return std::string(found->second.data(), found->second.size());
}

// All values of the key, as HTTP joins them.
std::string MetadataValues(const ServerContext& context, const char* key) {
  const auto [first, last] = context.client_metadata().equal_range(key);
  return absl::StrJoin(first, last, ",", [](std::string* text, const auto& entry) {
    text->append(entry.second.data(), entry.second.size());
  });
}

CallerIdentity Identify(const ServerContext& context, const ListenerTraits& traits) {
  CallerIdentity caller;
  if (traits.asks_for_certificates) caller = IdentityFromCertificate(*context.auth_context());
  caller.listener = traits.identity;
  return caller;
}

IncomingCall Describe(const ServerContext& context, const RpcMethod& method,
                      const ListenerTraits& traits) {
  IncomingCall call{.method = &method,
                    .request_id = MetadataValue(context, "x-request-id"),
                    .peer = traits.peer.empty() ? context.peer() : traits.peer,
                    .user_agent = MetadataValue(context, "user-agent"),
                    .traceparent = MetadataValue(context, "traceparent"),
                    .caller = Identify(context, traits),
                    .confidential = traits.confidential};
  const auto deadline = context.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    call.time_left = absl::FromChrono(deadline - std::chrono::system_clock::now());
  }
  return call;
}

class UnaryCall;

class MutexGroupGrpcService final : public AsyncService {
 public:
  MutexGroupGrpcService(CallRunner& runner, ListenerTraits traits)
      : runner_(runner), traits_(std::move(traits)) {}

  grpc::Service& service() override { return generated_; }
  void Serve(CallSource& source) override;

 private:
  friend class UnaryCall;

  // The methods without gRPC's own parsing and serializing: replies are shared and go out as bytes.
  class Generated final : public ::mutexgroups::v1::MutexGroupService::Service {
   public:
    Generated() {
      for (std::size_t i = 0; i < Methods().size(); ++i) MarkMethodRaw(static_cast<int>(i));
    }
    void Request(std::size_t method, ServerContext& context, ByteBuffer& request,
                 grpc::ServerAsyncResponseWriter<ByteBuffer>& writer, ServerCompletionQueue& queue,
                 void* tag) {
      RequestAsyncUnary(static_cast<int>(method), &context, &request, &writer, &queue, &queue, tag);
    }
  };

  CallRunner& runner_;
  const ListenerTraits traits_;
  Generated generated_;
};

class UnaryCall final : public AsyncCall {
 public:
  // `method` is its place in the service's definition, and so in Methods().
  static void Await(MutexGroupGrpcService& service, std::size_t method, CallSource& source) {
    const auto call = std::make_shared<UnaryCall>(service, method, source);
    call->WatchForEnd();
    service.generated_.Request(method, call->context_, call->request_, call->writer_, source.queue,
                               call->ArrivalTag());
  }

  UnaryCall(MutexGroupGrpcService& service, std::size_t method, CallSource& source)
      : AsyncCall(source), service_(service), method_(method) {}

 private:
  void AwaitAnother() override { Await(service_, method_, source_); }

  void OnArrived() override {
    const RpcMethod& method = Methods()[method_];
    IncomingCall call = Describe(context_, method, service_.traits_);
    if (service_.runner_.wants_caller_keys()) {
      call.management_key = MetadataValues(context_, kKeyMetadata);
    }
    socket_ = source_.sockets.Find(call.peer);
    call.request_bytes = request_.Length();
    call.request = Parse(*method.request_prototype, request_);
    request_.Clear();
    auto running = service_.runner_.Start(
        std::move(call),
        [this, self = shared_from_this()](const Outcome& outcome) { Answer(outcome); });
    {
      const std::lock_guard lock(mutex_);
      running_ = running;
      if (!cancelled_) return;
    }
    service_.runner_.CancelByClient(running);
  }

  void Answer(const Outcome& outcome) {
    context_.AddTrailingMetadata("x-request-id", outcome.rpc_id);
    if (outcome.pushback) {
      context_.AddTrailingMetadata("grpc-retry-pushback-ms", *outcome.pushback);
    }
    if (outcome.batch != nullptr && socket_ >= 0) outcome.batch->Add(socket_);
    void* const tag = EndTag();
    if (!outcome.reply) {
      writer_.FinishWithError(
          grpc::Status(static_cast<grpc::StatusCode>(outcome.status.code()),
                       outcome.status.message(), outcome.status.SerializeAsString()),
          tag);
      return;
    }
    const grpc::Slice slice = ToSlice(outcome.reply);
    writer_.Finish(ByteBuffer(&slice, 1), grpc::Status::OK, tag);
  }

  void OnOver() override {
    if (!context_.IsCancelled()) return;
    std::shared_ptr<RunningCall> running;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      running = running_;
    }
    if (running != nullptr) service_.runner_.CancelByClient(running);
  }

  MutexGroupGrpcService& service_;
  const std::size_t method_;
  int socket_ = -1;  // which the call has come by; -1: not known

  ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<ByteBuffer> writer_{&context_};

  std::mutex mutex_;
  bool cancelled_ = false;
  std::shared_ptr<RunningCall> running_;  // set once it has been started
};

void MutexGroupGrpcService::Serve(CallSource& source) {
  for (std::size_t method = 0; method < Methods().size(); ++method) {
    for (int i = 0; i < kAwaitedCalls; ++i) UnaryCall::Await(*this, method, source);
  }
}

}  // namespace

std::unique_ptr<AsyncService> MakeMutexGroupGrpcService(CallRunner& runner, ListenerTraits traits) {
  return std::make_unique<MutexGroupGrpcService>(runner, std::move(traits));
}

}  // namespace mutexd::rpc
