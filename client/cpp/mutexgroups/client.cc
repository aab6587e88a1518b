#include "mutexgroups/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "mutexgroups/request_id.h"
#include "mutexgroups/service_config.h"
#include "mutexgroups/tls_credentials.h"

namespace mutexgroups {
namespace {

constexpr char kRequestIdMetadata[] = "x-request-id";
constexpr char kAmplitudeKeyMetadata[] = "x-amplitude-management-key";

// A service behind a load balancer or NAT that forgets idle connections is noticed within these.
constexpr auto kKeepaliveTime = std::chrono::seconds(60);
constexpr auto kKeepaliveTimeout = std::chrono::seconds(20);

std::shared_ptr<grpc::Channel> MakeChannel(
    const ClientOptions& options, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  using std::chrono::milliseconds;
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfigJson(options.server));
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   static_cast<int>(milliseconds(kKeepaliveTime).count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(milliseconds(kKeepaliveTimeout).count()));
  // gRPC would send even loopback traffic through the proxy that the environment names.
  if (IsLocal(options.server)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.tls_server_name.empty() && UsesTls(options)) {
    arguments.SetSslTargetNameOverride(options.tls_server_name);
  }
  return grpc::CreateCustomChannel(options.server, credentials, arguments);
}

std::string TrailerRequestId(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(kRequestIdMetadata);
  if (found == trailers.end()) return "";
  return std::string(found->second.data(), found->second.size());
}

}  // namespace

Result<Client> Client::Connect(ClientOptions options) {
  if (auto problem = OptionProblem(options)) {
    Error error;
    error.code = grpc::StatusCode::INVALID_ARGUMENT;
    error.message = *std::move(problem);
    return error;
  }
  if (options.credentials) return Client(options, options.credentials);
  if (!UsesTls(options)) return Client(options, grpc::InsecureChannelCredentials());
  const auto credentials = TlsCredentials(options);
  if (!credentials.ok()) return credentials.error();
  return Client(options, *credentials);
}

Client::Client(const ClientOptions& options,
               const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : defaults_{.timeout = options.timeout, .amplitude_key = options.amplitude_key} {
  const auto channel = MakeChannel(options, credentials);
  groups_ = v1::MutexGroupService::NewStub(channel);
  health_ = grpc::health::v1::Health::NewStub(channel);
}

template <typename Stub, typename Request, typename Response>
Result<Response> Client::Call(
    Stub& stub, grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
    const Request& request, const CallOptions& options, const Defaults& defaults) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       options.timeout.value_or(defaults.timeout));
  if (!options.correlation_id.empty()) {
    context.AddMetadata(kRequestIdMetadata, options.correlation_id);
  }
  if (!defaults.amplitude_key.empty()) {
    context.AddMetadata(kAmplitudeKeyMetadata, defaults.amplitude_key);
  }
  Response response;
  const auto status = (stub.*rpc)(&context, request, &response);
  if (!status.ok()) return ErrorFrom(status, TrailerRequestId(context));
  return response;
}

Pages Client::List(v1::ListMutexGroupsRequest request, const CallOptions& options) const {
  return Pages(std::move(request), [groups = groups_, defaults = defaults_,
                                    options](const v1::ListMutexGroupsRequest& page) {
    return Call(*groups, &v1::MutexGroupService::Stub::ListMutexGroups, page, options, defaults);
  });
}

Result<v1::GetMutexGroupResponse> Client::Get(const v1::GetMutexGroupRequest& request,
                                              const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::GetMutexGroup, request, options, defaults_);
}

Result<v1::BatchGetMutexGroupsResponse> Client::BatchGet(
    const v1::BatchGetMutexGroupsRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::BatchGetMutexGroups, request, options,
              defaults_);
}

Result<v1::CreateMutexGroupResponse> Client::Create(v1::CreateMutexGroupRequest& request,
                                                    const CallOptions& options) const {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  auto reply = Call(*groups_, &v1::MutexGroupService::Stub::CreateMutexGroup,
                    std::as_const(request), options, defaults_);
  if (reply.ok()) return reply;
  Error error = reply.error();
  error.metadata.emplace("request_id", request.request_id());
  return error;
}

Result<v1::UpdateMutexGroupResponse> Client::Update(const v1::UpdateMutexGroupRequest& request,
                                                    const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::UpdateMutexGroup, request, options,
              defaults_);
}

Result<v1::UpdateSlotResponse> Client::UpdateSlot(const v1::UpdateSlotRequest& request,
                                                  const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::UpdateSlot, request, options, defaults_);
}

Result<v1::AddSlotMembersResponse> Client::AddSlotMembers(const v1::AddSlotMembersRequest& request,
                                                          const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::AddSlotMembers, request, options, defaults_);
}

Result<v1::RemoveSlotMembersResponse> Client::RemoveSlotMembers(
    const v1::RemoveSlotMembersRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::RemoveSlotMembers, request, options,
              defaults_);
}

Result<v1::MoveSlotMembersResponse> Client::MoveSlotMembers(
    const v1::MoveSlotMembersRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::MoveSlotMembers, request, options, defaults_);
}

Result<v1::ArchiveMutexGroupResponse> Client::Archive(const v1::ArchiveMutexGroupRequest& request,
                                                      const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::ArchiveMutexGroup, request, options,
              defaults_);
}

Result<v1::UnarchiveMutexGroupResponse> Client::Unarchive(
    const v1::UnarchiveMutexGroupRequest& request, const CallOptions& options) const {
  return Call(*groups_, &v1::MutexGroupService::Stub::UnarchiveMutexGroup, request, options,
              defaults_);
}

Result<grpc::health::v1::HealthCheckResponse> Client::CheckHealth(
    const CallOptions& options) const {
  return Call(*health_, &grpc::health::v1::Health::Stub::Check,
              grpc::health::v1::HealthCheckRequest(), options, defaults_);
}

}  // namespace mutexgroups
