#include "service/groups/get.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/groups/group_errors.h"
#include "service/groups/group_reply.h"
#include "service/groups/scan.h"
#include "service/groups/staleness.h"

namespace mutexd::groups {
namespace {

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

}  // namespace

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::GetMutexGroupResponse>>> GetGroup(
    Gateway& gateway, amplitude::Call& call, const v1::GetMutexGroupRequest& request) {
  AllowStaleness(gateway, call, request);
  absl::StatusOr<GroupPtr> group = GroupPtr();
  if (request.key().empty()) {
    group = co_await gateway.amplitude.Get(call, request.mutex_group_id());
  } else {
    group = co_await GetByKey(gateway, call, request.key());
  }
  if (!group.ok()) co_return std::move(group).status();
  absl::Status size = CheckGroupSize(*(*group)->group, gateway.options.max_reply_bytes);
  if (!size.ok()) co_return size;
  const absl::Time read_time = (*group)->read_time;
  auto reply = ReplyWith<v1::GetMutexGroupResponse>(*std::move(group));
  *reply->mutable_read_time() = ToTimestamp(read_time);
  co_return reply;
}

}  // namespace mutexd::groups
