#include "mutexgroups/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstdlib>
#include <utility>

#include "mutexgroups/request_id.h"
#include "mutexgroups/service_config.h"

namespace mutexgroups {
namespace {

constexpr char kRequestIdMetadata[] = "x-request-id";

// A service behind a load balancer or NAT that forgets idle connections is noticed within these.
constexpr auto kKeepaliveTime = std::chrono::seconds(60);
constexpr auto kKeepaliveTimeout = std::chrono::seconds(20);

std::shared_ptr<grpc::Channel> MakeChannel(const ClientOptions& options) {
  using std::chrono::milliseconds;
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfigJson(options.timeout));
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(milliseconds(kKeepaliveTime).count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(milliseconds(kKeepaliveTimeout).count()));
  // gRPC would send even loopback traffic through the proxy that the environment names.
  if (IsLocal(options.server)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto credentials =
      options.credentials ? options.credentials : grpc::InsecureChannelCredentials();
  return grpc::CreateCustomChannel(options.server, credentials, arguments);
}

std::string TrailerRequestId(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(kRequestIdMetadata);
  if (found == trailers.end()) return "";
  return std::string(found->second.data(), found->second.size());
}

}  // namespace

ClientOptions ClientOptions::FromEnvironment() {
  ClientOptions options;
  const char* server = std::getenv("MUTEXGROUPS_SERVER");
  if (server != nullptr && *server != '\0') options.server = server;
  return options;
}

Result<Client> Client::Connect(ClientOptions options) {
  if (auto problem = AddressProblem(options.server)) {
    Error error;
    error.code = grpc::StatusCode::INVALID_ARGUMENT;
    error.message = *std::move(problem);
    return error;
  }
  return Client(options);
}

Client::Client(const ClientOptions& options) : timeout_(options.timeout) {
  const auto channel = MakeChannel(options);
  groups_ = v1::MutexGroupService::NewStub(channel);
  health_ = grpc::health::v1::Health::NewStub(channel);
}

template <typename Stub, typename Request, typename Response>
Result<Response> Client::Call(
    Stub& stub, grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
    const Request& request, const CallOptions& options, std::chrono::milliseconds default_timeout) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       options.timeout.value_or(default_timeout));
  if (!options.correlation_id.empty()) {
    context.AddMetadata(kRequestIdMetadata, options.correlation_id);
  }
  Response response;
  const auto status = (stub.*rpc)(&context, request, &response);
  if (!status.ok()) return ErrorFrom(status, TrailerRequestId(context));
  return response;
}

Pages Client::List(v1::ListMutexGroupsRequest request, const CallOptions& options) const {
  return Pages(std::move(request), [groups = groups_, timeout = timeout_,
                                    options](const v1::ListMutexGroupsRequest& page) {
    return Call(*groups, &v1::MutexGroupService::Stub::ListMutexGroups, page, options, timeout);
  });
}

Result<v1::GetMutexGroupResponse> Client::Get(const v1::GetMutexGroupRequest& request,
                                              const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::GetMutexGroup, request, options, timeout_);
}

Result<v1::BatchGetMutexGroupsResponse> Client::BatchGet(
    const v1::BatchGetMutexGroupsRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::BatchGetMutexGroups, request, options,
              timeout_);
}

Result<v1::CreateMutexGroupResponse> Client::Create(v1::CreateMutexGroupRequest& request,
                                                    const CallOptions& options) const {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return Call(*groups_, &v1::MutexGroupService::Stub::CreateMutexGroup, std::as_const(request),
              options, timeout_);
}

Result<v1::UpdateMutexGroupResponse> Client::Update(const v1::UpdateMutexGroupRequest& request,
                                                    const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::UpdateMutexGroup, request, options, timeout_);
}

Result<v1::UpdateSlotResponse> Client::UpdateSlot(const v1::UpdateSlotRequest& request,
                                                  const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::UpdateSlot, request, options, timeout_);
}

Result<v1::AddSlotMembersResponse> Client::AddSlotMembers(const v1::AddSlotMembersRequest& request,
                                                          const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::AddSlotMembers, request, options, timeout_);
}

Result<v1::RemoveSlotMembersResponse> Client::RemoveSlotMembers(
    const v1::RemoveSlotMembersRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::RemoveSlotMembers, request, options,
              timeout_);
}

Result<v1::MoveSlotMembersResponse> Client::MoveSlotMembers(
    const v1::MoveSlotMembersRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::MoveSlotMembers, request, options, timeout_);
}

Result<v1::ArchiveMutexGroupResponse> Client::Archive(const v1::ArchiveMutexGroupRequest& request,
                                                      const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::ArchiveMutexGroup, request, options,
              timeout_);
}

Result<v1::UnarchiveMutexGroupResponse> Client::Unarchive(
    const v1::UnarchiveMutexGroupRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::UnarchiveMutexGroup, request, options,
              timeout_);
}

Result<grpc::health::v1::HealthCheckResponse> Client::CheckHealth(
    const CallOptions& options) const {
  return Call(*health_, &grpc::health::v1::Health::Stub::Check,
              grpc::health::v1::HealthCheckRequest(), options, timeout_);
}

}  // namespace mutexgroups
