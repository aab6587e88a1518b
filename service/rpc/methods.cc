#include "service/rpc/methods.h"

#include <optional>
#include <utility>

#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/groups/archive.h"
#include "service/groups/batch_get.h"
#include "service/groups/create.h"
#include "service/groups/get.h"
#include "service/groups/group_reply.h"
#include "service/groups/list.h"
#include "service/groups/move_slot_members.h"
#include "service/groups/slot_members.h"
#include "service/groups/update.h"
#include "service/groups/update_slot.h"
#include "service/rpc/page_token.h"
#include "service/rpc/validation.h"

namespace mutexd::rpc {
namespace {

using amplitude::Call;
using google::protobuf::Message;
using groups::Gateway;

// How many requests to Amplitude each kind of method takes when all goes well. A write reads the
// group before it and after it.
constexpr int kRead = 0;    // nothing is put aside for it
constexpr int kWrite = 3;   // read, write, read
constexpr int kMove = 5;    // read, and twice write, read
constexpr int kCreate = 3;  // create, read, and a look for the key where it turns out to be taken

template <typename Response>
using Reply = asio::awaitable<absl::StatusOr<std::shared_ptr<const Response>>>;

Reply<v1::ListMutexGroupsResponse> ListMutexGroups(Gateway& gateway, Call& call,
                                                   const v1::ListMutexGroupsRequest& request) {
  absl::StatusOr<groups::ListPosition> from = DecodePageToken(request.page_token(), request);
  if (!from.ok()) co_return std::move(from).status();
  absl::StatusOr<groups::ListedPage> page =
      co_await groups::ListGroups(gateway, call, request, *std::move(from));
  if (!page.ok()) co_return std::move(page).status();
  if (page->next) page->response->set_next_page_token(EncodePageToken(*page->next, request));
  co_return std::move(page->response);
}

template <typename Response>
std::size_t ReplyBytes(const Response& reply) {
  return reply.ByteSizeLong();
}
std::size_t ReplyBytes(const v1::ListMutexGroupsResponse& reply) {
  return groups::ListedBytes(reply);
}

using SerializedReply = asio::awaitable<absl::StatusOr<SharedBytes>>;

// The adapter from messages of any type to a use case of one.
template <typename Request, typename Response>
SerializedReply RunAs(Reply<Response> (*use_case)(Gateway&, Call&, const Request&),
                      Gateway& gateway, Call& call, const Message& request) {
  absl::StatusOr<std::shared_ptr<const Response>> reply =
      co_await use_case(gateway, call, static_cast<const Request&>(request));
  if (!reply.ok()) co_return std::move(reply).status();
  co_return groups::Serialize(**reply, ReplyBytes(**reply));
}
template <typename Request>
SerializedReply RunAs(SerializedReply (*use_case)(Gateway&, Call&, const Request&),
                      Gateway& gateway, Call& call, const Message& request) {
  return use_case(gateway, call, static_cast<const Request&>(request));
}

template <typename Request, typename Result>
RpcMethod Method(absl::string_view name, int requests_needed,
                 Result (*use_case)(Gateway&, Call&, const Request&)) {
  return RpcMethod{
      .name = name,
      .requests_needed = requests_needed,
      .request_prototype = &Request::default_instance(),
      .validate =
          [](const Message& request) { return Validate(static_cast<const Request&>(request)); },
      .run = [use_case](Gateway& gateway, Call& call,
                        const Message& request) { return RunAs(use_case, gateway, call, request); },
      .known = nullptr};
}

RpcMethod GetMethod() {
  RpcMethod method = Method("GetMutexGroup", kRead, &groups::GetGroup);
  method.known = [](Gateway& gateway, Call& call, const Message& request) {
    return groups::GetKnownGroup(gateway, call,
                                 static_cast<const v1::GetMutexGroupRequest&>(request));
  };
  return method;
}

}  // namespace

const std::vector<RpcMethod>& Methods() {
  static const auto* const methods = new std::vector<RpcMethod>{
      Method("ListMutexGroups", kRead, &ListMutexGroups),
      GetMethod(),
      Method("BatchGetMutexGroups", kRead, &groups::BatchGetGroups),
      Method("CreateMutexGroup", kCreate, &groups::CreateGroup),
      Method("UpdateMutexGroup", kWrite, &groups::UpdateGroup),
      Method("UpdateSlot", kWrite, &groups::UpdateSlot),
      Method("AddSlotMembers", kWrite, &groups::AddSlotMembers),
      Method("RemoveSlotMembers", kWrite, &groups::RemoveSlotMembers),
      Method("MoveSlotMembers", kMove, &groups::MoveSlotMembers),
      Method("ArchiveMutexGroup", kWrite, &groups::ArchiveGroup),
      Method("UnarchiveMutexGroup", kWrite, &groups::UnarchiveGroup),
  };
  return *methods;
}

}  // namespace mutexd::rpc
