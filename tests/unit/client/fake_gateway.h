// A gateway for tests of clients: a real gRPC server on a loopback port inside the test, which
// records requests and answers as it is told.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"

namespace mutexgroups {

// A group as the tests know it: two slots, 40 % with two experiments and 60 % free.
v1::MutexGroup CheckoutGroup();

// A status as the service makes it, with its details.
class StatusBuilder {
 public:
  StatusBuilder(grpc::StatusCode code, const std::string& reason, const std::string& message);
  StatusBuilder& Metadata(const std::string& key, const std::string& value);
  StatusBuilder& Violation(const std::string& field, const std::string& description);
  StatusBuilder& RetryAfter(std::chrono::milliseconds delay);
  StatusBuilder& RequestId(const std::string& id);
  StatusBuilder& Resource(const std::string& type, const std::string& name);
  StatusBuilder& Quota(const std::string& subject, const std::string& description);
  grpc::Status Build() const;

 private:
  grpc::StatusCode code_;
  std::string message_;
  google::rpc::ErrorInfo info_;
  google::rpc::BadRequest bad_request_;
  google::rpc::QuotaFailure quota_failure_;
  std::optional<google::rpc::RetryInfo> retry_;
  std::optional<google::rpc::RequestInfo> request_;
  std::optional<google::rpc::ResourceInfo> resource_;
};

class FakeGateway : public v1::MutexGroupService::Service {
 public:
  // One RPC as it arrived.
  struct Call {
    std::string method;   // such as "GetMutexGroup"
    std::string request;  // protobuf's text on one line
    std::map<std::string, std::string> metadata;
    std::chrono::milliseconds time_left;
  };

  // Listens on `address`, or on a free loopback port.
  explicit FakeGateway(const std::string& address = "127.0.0.1:0");
  ~FakeGateway() override;

  // What clients dial.
  const std::string& address() const { return address_; }

  // The next calls of any method fail with these; later ones succeed.
  void FailWith(std::vector<grpc::Status> statuses);

  // The pages of ListMutexGroups, followed by tokens that this makes. One page with CheckoutGroup()
  // unless set.
  void SetPages(std::vector<v1::ListMutexGroupsResponse> pages);

  // What every other RPC answers with; CheckoutGroup() unless set.
  void SetGroup(v1::MutexGroup group);
  void SetCreatedUrl(std::string url);
  void SetServing(bool serving);

  // The calls so far, and the methods of them.
  std::vector<Call> Calls() const;
  std::vector<std::string> Methods() const;

  grpc::Status ListMutexGroups(grpc::ServerContext* context,
                               const v1::ListMutexGroupsRequest* request,
                               v1::ListMutexGroupsResponse* response) override;
  grpc::Status GetMutexGroup(grpc::ServerContext* context, const v1::GetMutexGroupRequest* request,
                             v1::GetMutexGroupResponse* response) override;
  grpc::Status BatchGetMutexGroups(grpc::ServerContext* context,
                                   const v1::BatchGetMutexGroupsRequest* request,
                                   v1::BatchGetMutexGroupsResponse* response) override;
  grpc::Status CreateMutexGroup(grpc::ServerContext* context,
                                const v1::CreateMutexGroupRequest* request,
                                v1::CreateMutexGroupResponse* response) override;
  grpc::Status UpdateMutexGroup(grpc::ServerContext* context,
                                const v1::UpdateMutexGroupRequest* request,
                                v1::UpdateMutexGroupResponse* response) override;
  grpc::Status UpdateSlot(grpc::ServerContext* context, const v1::UpdateSlotRequest* request,
                          v1::UpdateSlotResponse* response) override;
  grpc::Status AddSlotMembers(grpc::ServerContext* context,
                              const v1::AddSlotMembersRequest* request,
                              v1::AddSlotMembersResponse* response) override;
  grpc::Status RemoveSlotMembers(grpc::ServerContext* context,
                                 const v1::RemoveSlotMembersRequest* request,
                                 v1::RemoveSlotMembersResponse* response) override;
  grpc::Status MoveSlotMembers(grpc::ServerContext* context,
                               const v1::MoveSlotMembersRequest* request,
                               v1::MoveSlotMembersResponse* response) override;
  grpc::Status ArchiveMutexGroup(grpc::ServerContext* context,
                                 const v1::ArchiveMutexGroupRequest* request,
                                 v1::ArchiveMutexGroupResponse* response) override;
  grpc::Status UnarchiveMutexGroup(grpc::ServerContext* context,
                                   const v1::UnarchiveMutexGroupRequest* request,
                                   v1::UnarchiveMutexGroupResponse* response) override;

 private:
  class Health;

  // Records the call and takes the status that it shall have.
  grpc::Status Record(const grpc::ServerContext& context, const std::string& method,
                      const google::protobuf::Message& request);

  // Record() for an RPC that answers with the group.
  template <typename Response>
  grpc::Status AnswerWithGroup(const grpc::ServerContext& context, const std::string& method,
                               const google::protobuf::Message& request, Response* response);

  mutable std::mutex mutex_;
  std::vector<Call> calls_;
  std::deque<grpc::Status> failures_;
  std::vector<v1::ListMutexGroupsResponse> pages_;
  v1::MutexGroup group_;
  std::string created_url_;
  std::unique_ptr<Health> health_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace mutexgroups
