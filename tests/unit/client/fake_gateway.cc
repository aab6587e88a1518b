#include "tests/unit/client/fake_gateway.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace mutexgroups {

v1::MutexGroup CheckoutGroup() {
  v1::MutexGroup group;
  group.set_id("1234");
  group.set_project_id(5678);
  group.set_key("checkout");
  group.set_name("Checkout");
  group.set_description("Experiments on the way to paying");
  group.set_evaluation_mode(v1::EVALUATION_MODE_REMOTE);
  group.set_bucketing_key("amplitude_id");
  group.set_bucketing_salt("aBcD1234");
  group.set_state(v1::MutexGroup::STATE_ACTIVE);
  group.set_etag("v1-c65d29d8");
  group.mutable_create_time()->set_seconds(1767225600);
  auto* first = group.add_slots();
  first->set_index(1);
  first->set_name("SLOT 1");
  first->set_variant_key("slot-1");
  first->set_percentage(40);
  first->add_experiment_ids(123);
  first->add_experiment_ids(124);
  first->add_individuals("ada@example.com");
  auto* second = group.add_slots();
  second->set_index(2);
  second->set_name("SLOT 2");
  second->set_variant_key("slot-2");
  second->set_percentage(60);
  return group;
}

StatusBuilder::StatusBuilder(grpc::StatusCode code, const std::string& reason,
                             const std::string& message)
    : code_(code), message_(message) {
  info_.set_reason(reason);
  info_.set_domain("mutexgroups");
}

StatusBuilder& StatusBuilder::Metadata(const std::string& key, const std::string& value) {
  (*info_.mutable_metadata())[key] = value;
  return *this;
}

StatusBuilder& StatusBuilder::Violation(const std::string& field, const std::string& description) {
  auto& violation = *bad_request_.add_field_violations();
  violation.set_field(field);
  violation.set_description(description);
  return *this;
}

StatusBuilder& StatusBuilder::RetryAfter(std::chrono::milliseconds delay) {
  auto& duration = *retry_.emplace().mutable_retry_delay();
  duration.set_seconds(delay.count() / 1000);
  duration.set_nanos(static_cast<int>(delay.count() % 1000) * 1'000'000);
  return *this;
}

StatusBuilder& StatusBuilder::RequestId(const std::string& id) {
  request_.emplace().set_request_id(id);
  return *this;
}

StatusBuilder& StatusBuilder::Resource(const std::string& type, const std::string& name) {
  resource_.emplace().set_resource_type(type);
  resource_->set_resource_name(name);
  return *this;
}

StatusBuilder& StatusBuilder::Quota(const std::string& subject, const std::string& description) {
  auto& violation = *quota_failure_.add_violations();
  violation.set_subject(subject);
  violation.set_description(description);
  return *this;
}

grpc::Status StatusBuilder::Build() const {
  google::rpc::Status status;
  status.set_code(code_);
  status.set_message(message_);
  status.add_details()->PackFrom(info_);
  if (!bad_request_.field_violations().empty()) status.add_details()->PackFrom(bad_request_);
  if (!quota_failure_.violations().empty()) status.add_details()->PackFrom(quota_failure_);
  if (retry_) status.add_details()->PackFrom(*retry_);
  if (request_) status.add_details()->PackFrom(*request_);
  if (resource_) status.add_details()->PackFrom(*resource_);
  return grpc::Status(code_, message_, status.SerializeAsString());
}

class FakeGateway::Health : public grpc::health::v1::Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest*,
                     grpc::health::v1::HealthCheckResponse* response) override {
    response->set_status(serving_ ? grpc::health::v1::HealthCheckResponse::SERVING
                                  : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
    return grpc::Status::OK;
  }

  std::atomic<bool> serving_ = true;
};

FakeGateway::FakeGateway(const std::string& address)
    : group_(CheckoutGroup()), health_(std::make_unique<Health>()), address_(address) {
  *pages_.emplace_back().add_mutex_groups() = group_;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  builder.RegisterService(health_.get());
  server_ = builder.BuildAndStart();
  if (!absl::StartsWith(address, "unix:")) address_ = absl::StrCat("127.0.0.1:", port);
}

FakeGateway::~FakeGateway() { server_->Shutdown(); }

void FakeGateway::FailWith(std::vector<grpc::Status> statuses) {
  std::lock_guard lock(mutex_);
  failures_.assign(statuses.begin(), statuses.end());
}

void FakeGateway::SetPages(std::vector<v1::ListMutexGroupsResponse> pages) {
  std::lock_guard lock(mutex_);
  pages_ = std::move(pages);
}

void FakeGateway::SetGroup(v1::MutexGroup group) {
  std::lock_guard lock(mutex_);
  group_ = std::move(group);
}

void FakeGateway::SetCreatedUrl(std::string url) {
  std::lock_guard lock(mutex_);
  created_url_ = std::move(url);
}

void FakeGateway::SetServing(bool serving) { health_->serving_ = serving; }

std::vector<FakeGateway::Call> FakeGateway::Calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<std::string> FakeGateway::Methods() const {
  std::vector<std::string> methods;
  for (const auto& call : Calls()) methods.push_back(call.method);
  return methods;
}

grpc::Status FakeGateway::Record(const grpc::ServerContext& context, const std::string& method,
                                 const google::protobuf::Message& request) {
  Call call{.method = method, .request = request.ShortDebugString()};
  for (const auto& [key, value] : context.client_metadata()) {
    call.metadata[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
  }
  call.time_left = std::chrono::duration_cast<std::chrono::milliseconds>(
      context.deadline() - std::chrono::system_clock::now());
  std::lock_guard lock(mutex_);
  calls_.push_back(std::move(call));
  if (failures_.empty()) return grpc::Status::OK;
  auto status = failures_.front();
  failures_.pop_front();
  return status;
}

template <typename Response>
grpc::Status FakeGateway::AnswerWithGroup(const grpc::ServerContext& context,
                                          const std::string& method,
                                          const google::protobuf::Message& request,
                                          Response* response) {
  auto status = Record(context, method, request);
  std::lock_guard lock(mutex_);
  *response->mutable_mutex_group() = group_;
  return status;
}

grpc::Status FakeGateway::ListMutexGroups(grpc::ServerContext* context,
                                          const v1::ListMutexGroupsRequest* request,
                                          v1::ListMutexGroupsResponse* response) {
  auto status = Record(*context, "ListMutexGroups", *request);
  std::lock_guard lock(mutex_);
  std::size_t page = 0;
  if (!request->page_token().empty() && !absl::SimpleAtoi(request->page_token(), &page)) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "bad token");
  }
  if (page < pages_.size()) *response = pages_[page];
  if (page + 1 < pages_.size()) response->set_next_page_token(absl::StrCat(page + 1));
  return status;
}

grpc::Status FakeGateway::GetMutexGroup(grpc::ServerContext* context,
                                        const v1::GetMutexGroupRequest* request,
                                        v1::GetMutexGroupResponse* response) {
  return AnswerWithGroup(*context, "GetMutexGroup", *request, response);
}

grpc::Status FakeGateway::BatchGetMutexGroups(grpc::ServerContext* context,
                                              const v1::BatchGetMutexGroupsRequest* request,
                                              v1::BatchGetMutexGroupsResponse* response) {
  auto status = Record(*context, "BatchGetMutexGroups", *request);
  std::lock_guard lock(mutex_);
  for (const auto& id : request->mutex_group_ids()) {
    auto& group = *response->add_mutex_groups();
    group = group_;
    group.set_id(id);
  }
  return status;
}

grpc::Status FakeGateway::CreateMutexGroup(grpc::ServerContext* context,
                                           const v1::CreateMutexGroupRequest* request,
                                           v1::CreateMutexGroupResponse* response) {
  auto status = AnswerWithGroup(*context, "CreateMutexGroup", *request, response);
  std::lock_guard lock(mutex_);
  response->set_url(created_url_);
  return status;
}

grpc::Status FakeGateway::UpdateMutexGroup(grpc::ServerContext* context,
                                           const v1::UpdateMutexGroupRequest* request,
                                           v1::UpdateMutexGroupResponse* response) {
  return AnswerWithGroup(*context, "UpdateMutexGroup", *request, response);
}

grpc::Status FakeGateway::UpdateSlot(grpc::ServerContext* context,
                                     const v1::UpdateSlotRequest* request,
                                     v1::UpdateSlotResponse* response) {
  return AnswerWithGroup(*context, "UpdateSlot", *request, response);
}

grpc::Status FakeGateway::AddSlotMembers(grpc::ServerContext* context,
                                         const v1::AddSlotMembersRequest* request,
                                         v1::AddSlotMembersResponse* response) {
  return AnswerWithGroup(*context, "AddSlotMembers", *request, response);
}

grpc::Status FakeGateway::RemoveSlotMembers(grpc::ServerContext* context,
                                            const v1::RemoveSlotMembersRequest* request,
                                            v1::RemoveSlotMembersResponse* response) {
  return AnswerWithGroup(*context, "RemoveSlotMembers", *request, response);
}

grpc::Status FakeGateway::MoveSlotMembers(grpc::ServerContext* context,
                                          const v1::MoveSlotMembersRequest* request,
                                          v1::MoveSlotMembersResponse* response) {
  return AnswerWithGroup(*context, "MoveSlotMembers", *request, response);
}

grpc::Status FakeGateway::ArchiveMutexGroup(grpc::ServerContext* context,
                                            const v1::ArchiveMutexGroupRequest* request,
                                            v1::ArchiveMutexGroupResponse* response) {
  return AnswerWithGroup(*context, "ArchiveMutexGroup", *request, response);
}

grpc::Status FakeGateway::UnarchiveMutexGroup(grpc::ServerContext* context,
                                              const v1::UnarchiveMutexGroupRequest* request,
                                              v1::UnarchiveMutexGroupResponse* response) {
  return AnswerWithGroup(*context, "UnarchiveMutexGroup", *request, response);
}

}  // namespace mutexgroups
