#include "service/groups/get.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/groups/group_errors.h"
#include "service/groups/group_reply.h"
#include "service/groups/scan.h"
#include "service/groups/staleness.h"

namespace mutexd::groups {
namespace {

using amplitude::SharedBytes;

asio::awaitable<absl::StatusOr<GroupPtr>> GetByKey(Gateway& gateway, amplitude::Call& call,
                                                   std::string key) {
  absl::StatusOr<KeySearch> search = co_await FindByKey(gateway, call, key);
  if (!search.ok()) co_return std::move(search).status();
  if (search->group != nullptr) co_return std::move(search->group);
  std::string message = absl::StrCat("no mutex group has the key '", key, "'");
  if (search->unreadable > 0) {
    absl::StrAppend(&message, " (", search->unreadable, " groups could not be read)");
  }
  co_return GroupNotFound(message, key);
}

absl::StatusOr<SharedBytes> ReplyOf(const Gateway& gateway, const FetchedGroup& group) {
  if (group.reply) return group.reply;
  absl::Status size = CheckGroupSize(*group.group, gateway.options.max_reply_bytes);
  if (!size.ok()) return size;
  google::protobuf::Arena arena;
  auto* response = google::protobuf::Arena::CreateMessage<v1::GetMutexGroupResponse>(&arena);
  response->unsafe_arena_set_allocated_mutex_group(Borrow(group.group));
  *response->mutable_read_time() = ToTimestamp(group.read_time);
  group.reply = Serialize(*response, response->ByteSizeLong());
  return group.reply;
}

}  // namespace

asio::awaitable<absl::StatusOr<SharedBytes>> GetGroup(Gateway& gateway, amplitude::Call& call,
                                                      const v1::GetMutexGroupRequest& request) {
  AllowStaleness(gateway, call, request);
  absl::StatusOr<GroupPtr> group = GroupPtr();
  if (request.key().empty()) {
    group = co_await gateway.amplitude.Get(call, request.mutex_group_id());
  } else {
    group = co_await GetByKey(gateway, call, request.key());
  }
  if (!group.ok()) co_return std::move(group).status();
  co_return ReplyOf(gateway, **group);
}

absl::StatusOr<SharedBytes> GetKnownGroup(Gateway& gateway, amplitude::Call& call,
                                          const v1::GetMutexGroupRequest& request) {
  if (!request.key().empty()) return SharedBytes();
  AllowStaleness(gateway, call, request);
  const GroupPtr group = gateway.amplitude.Known(call, request.mutex_group_id());
  if (group == nullptr) return SharedBytes();
  return ReplyOf(gateway, *group);
}

}  // namespace mutexd::groups
