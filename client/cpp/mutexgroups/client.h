// A client of the mutex-group gateway: blocking calls with deadlines, the published retries (reads
// only), keepalive, and errors read into `Error`.
//
//   auto client = mutexgroups::Client::Connect(mutexgroups::ClientOptions::FromEnvironment());
//   if (!client.ok()) …
//   v1::GetMutexGroupRequest request;
//   request.set_mutex_group_id("1234");
//   auto reply = client->Get(request);
//
// Thread-safe; copies share one connection, which is made by the first call.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "mutexgroups/client_options.h"
#include "mutexgroups/pages.h"
#include "mutexgroups/result.h"
#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"

namespace mutexgroups {

struct CallOptions {
  // In place of the client's time-out.
  std::optional<std::chrono::milliseconds> timeout;

  // Sent as the metadata `x-request-id`, to find the call in the service's logs; the service makes
  // one where this is empty.
  std::string correlation_id;
};

class Client {
 public:
  // Fails with INVALID_ARGUMENT where an option or a file that it names cannot be used. Does not
  // connect yet.
  static Result<Client> Connect(ClientOptions options);

  // Each page is a call with these options. The result outlives the client if need be.
  Pages List(v1::ListMutexGroupsRequest request, const CallOptions& options = {}) const;
  Result<v1::GetMutexGroupResponse> Get(const v1::GetMutexGroupRequest& request,
                                        const CallOptions& options = {}) const;
  Result<v1::BatchGetMutexGroupsResponse> BatchGet(const v1::BatchGetMutexGroupsRequest& request,
                                                   const CallOptions& options = {}) const;

  // Fills in `request_id` where it is empty: calling again with the same request after a failure
  // returns the group of the first call and never makes a second one. An error has the id in its
  // metadata.
  Result<v1::CreateMutexGroupResponse> Create(v1::CreateMutexGroupRequest& request,
                                              const CallOptions& options = {}) const;
  Result<v1::UpdateMutexGroupResponse> Update(const v1::UpdateMutexGroupRequest& request,
                                              const CallOptions& options = {}) const;
  Result<v1::UpdateSlotResponse> UpdateSlot(const v1::UpdateSlotRequest& request,
                                            const CallOptions& options = {}) const;
  Result<v1::AddSlotMembersResponse> AddSlotMembers(const v1::AddSlotMembersRequest& request,
                                                    const CallOptions& options = {}) const;
  Result<v1::RemoveSlotMembersResponse> RemoveSlotMembers(
      const v1::RemoveSlotMembersRequest& request, const CallOptions& options = {}) const;
  Result<v1::MoveSlotMembersResponse> MoveSlotMembers(const v1::MoveSlotMembersRequest& request,
                                                      const CallOptions& options = {}) const;
  Result<v1::ArchiveMutexGroupResponse> Archive(const v1::ArchiveMutexGroupRequest& request,
                                                const CallOptions& options = {}) const;
  Result<v1::UnarchiveMutexGroupResponse> Unarchive(const v1::UnarchiveMutexGroupRequest& request,
                                                    const CallOptions& options = {}) const;

  // What the service says of its own health, by the standard grpc.health.v1.
  Result<grpc::health::v1::HealthCheckResponse> CheckHealth(const CallOptions& options = {}) const;

 private:
  // What each call has unless its own options say otherwise, and what each call sends.
  struct Defaults {
    std::chrono::milliseconds timeout;
    std::string amplitude_key;
  };

  Client(const ClientOptions& options,
         const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  template <typename Stub, typename Request, typename Response>
  static Result<Response> Call(
      Stub& stub, grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
      const Request& request, const CallOptions& options, const Defaults& defaults);

  Defaults defaults_;
  std::shared_ptr<v1::MutexGroupService::Stub> groups_;
  std::shared_ptr<grpc::health::v1::Health::Stub> health_;
};

}  // namespace mutexgroups
