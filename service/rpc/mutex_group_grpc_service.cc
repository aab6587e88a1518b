#include "service/rpc/mutex_group_grpc_service.h"

#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"
#include "service/rpc/peer_certificate.h"

namespace mutexd::rpc {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

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

// `size` is the message's ByteSizeLong(), after which it has not changed.
ByteBuffer Serialize(const google::protobuf::Message& message, std::size_t size) {
  grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return ByteBuffer(&slice, 1);
}

std::string MetadataValue(const CallbackServerContext& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return {};
  return std::string(found->second.data(), found->second.size());
}

CallerIdentity Identify(const CallbackServerContext& context, const ListenerTraits& traits) {
  CallerIdentity caller;
  if (traits.asks_for_certificates) caller = IdentityFromCertificate(*context.auth_context());
  caller.listener = traits.identity;
  return caller;
}

IncomingCall Describe(const CallbackServerContext& context, const RpcMethod& method,
                      const ListenerTraits& traits) {
  IncomingCall call{.method = &method,
                    .request_id = MetadataValue(context, "x-request-id"),
                    .peer = context.peer(),
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

// One unary call. Deletes itself when gRPC is done with it.
class Reactor final : public ServerUnaryReactor {
 public:
  Reactor(CallbackServerContext* context, ByteBuffer* response)
      : context_(context), response_(response) {}

  void Start(CallRunner& runner, IncomingCall call) {
    runner_ = &runner;
    running_ = runner.Start(std::move(call), [this](Outcome outcome) { Answer(outcome); });
  }

  void Answer(const Outcome& outcome) {
    context_->AddTrailingMetadata("x-request-id", outcome.rpc_id);
    if (outcome.pushback) {
      context_->AddTrailingMetadata("grpc-retry-pushback-ms", *outcome.pushback);
    }
    if (outcome.reply == nullptr) {
      Finish(grpc::Status(static_cast<grpc::StatusCode>(outcome.status.code()),
                          outcome.status.message(), outcome.status.SerializeAsString()));
      return;
    }
    *response_ = Serialize(*outcome.reply, outcome.reply_bytes);
    Finish(grpc::Status::OK);
  }

 private:
  void OnCancel() override {
    // Without a running call the answer is on its way.
    if (running_ != nullptr) runner_->CancelByClient(running_);
  }
  void OnDone() override { delete this; }

  // The reactions above neither block nor take long, so gRPC may run them where it is; otherwise it
  // wakes a thread of its executor for each. gRPC calls this its own affair: where a later version
  // has it no more, the override fails to compile, and can go.
  bool InternalInlineable() override { return true; }

  CallbackServerContext* context_;
  ByteBuffer* response_;
  CallRunner* runner_ = nullptr;
  std::shared_ptr<RunningCall> running_;
};

// The eleven methods without gRPC's own parsing and serializing: replies are shared and go out as
// bytes.
namespace raw {
using ::mutexgroups::v1::MutexGroupService;
using S0 = MutexGroupService::WithRawCallbackMethod_ListMutexGroups<MutexGroupService::Service>;
using S1 = MutexGroupService::WithRawCallbackMethod_GetMutexGroup<S0>;
using S2 = MutexGroupService::WithRawCallbackMethod_BatchGetMutexGroups<S1>;
using S3 = MutexGroupService::WithRawCallbackMethod_CreateMutexGroup<S2>;
using S4 = MutexGroupService::WithRawCallbackMethod_UpdateMutexGroup<S3>;
using S5 = MutexGroupService::WithRawCallbackMethod_UpdateSlot<S4>;
using S6 = MutexGroupService::WithRawCallbackMethod_AddSlotMembers<S5>;
using S7 = MutexGroupService::WithRawCallbackMethod_RemoveSlotMembers<S6>;
using S8 = MutexGroupService::WithRawCallbackMethod_MoveSlotMembers<S7>;
using S9 = MutexGroupService::WithRawCallbackMethod_ArchiveMutexGroup<S8>;
using Service = MutexGroupService::WithRawCallbackMethod_UnarchiveMutexGroup<S9>;
}  // namespace raw

class MutexGroupGrpcService final : public raw::Service {
 public:
  MutexGroupGrpcService(CallRunner& runner, ListenerTraits traits)
      : runner_(runner), traits_(std::move(traits)) {}

  ServerUnaryReactor* ListMutexGroups(CallbackServerContext* context, const ByteBuffer* request,
                                      ByteBuffer* response) override {
    return Start(0, context, request, response);
  }
  ServerUnaryReactor* GetMutexGroup(CallbackServerContext* context, const ByteBuffer* request,
                                    ByteBuffer* response) override {
    return Start(1, context, request, response);
  }
  ServerUnaryReactor* BatchGetMutexGroups(CallbackServerContext* context, const ByteBuffer* request,
                                          ByteBuffer* response) override {
    return Start(2, context, request, response);
  }
  ServerUnaryReactor* CreateMutexGroup(CallbackServerContext* context, const ByteBuffer* request,
                                       ByteBuffer* response) override {
    return Start(3, context, request, response);
  }
  ServerUnaryReactor* UpdateMutexGroup(CallbackServerContext* context, const ByteBuffer* request,
                                       ByteBuffer* response) override {
    return Start(4, context, request, response);
  }
  ServerUnaryReactor* UpdateSlot(CallbackServerContext* context, const ByteBuffer* request,
                                 ByteBuffer* response) override {
    return Start(5, context, request, response);
  }
  ServerUnaryReactor* AddSlotMembers(CallbackServerContext* context, const ByteBuffer* request,
                                     ByteBuffer* response) override {
    return Start(6, context, request, response);
  }
  ServerUnaryReactor* RemoveSlotMembers(CallbackServerContext* context, const ByteBuffer* request,
                                        ByteBuffer* response) override {
    return Start(7, context, request, response);
  }
  ServerUnaryReactor* MoveSlotMembers(CallbackServerContext* context, const ByteBuffer* request,
                                      ByteBuffer* response) override {
    return Start(8, context, request, response);
  }
  ServerUnaryReactor* ArchiveMutexGroup(CallbackServerContext* context, const ByteBuffer* request,
                                        ByteBuffer* response) override {
    return Start(9, context, request, response);
  }
  ServerUnaryReactor* UnarchiveMutexGroup(CallbackServerContext* context, const ByteBuffer* request,
                                          ByteBuffer* response) override {
    return Start(10, context, request, response);
  }

 private:
  // `index` is the method's place in the service's definition, and so in Methods().
  ServerUnaryReactor* Start(std::size_t index, CallbackServerContext* context,
                            const ByteBuffer* request, ByteBuffer* response) {
    const RpcMethod& method = Methods()[index];
    auto* reactor = new Reactor(context, response);
    IncomingCall call = Describe(*context, method, traits_);
    call.request_bytes = request->Length();
    call.request = Parse(*method.request_prototype, *request);
    reactor->Start(runner_, std::move(call));
    return reactor;
  }

  CallRunner& runner_;
  const ListenerTraits traits_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeMutexGroupGrpcService(CallRunner& runner,
                                                         ListenerTraits traits) {
  return std::make_unique<MutexGroupGrpcService>(runner, std::move(traits));
}

}  // namespace mutexd::rpc
