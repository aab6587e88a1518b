#include "service/groups/slot_members.h"

#include <utility>

#include "service/groups/member_lists.h"
#include "service/groups/slot_write.h"
#include "service/groups/write_settlement.h"

namespace mutexd::groups {
namespace {

using MembersToEdit = amplitude::SlotEdit (*)(const v1::Slot&, const Members&);

template <typename Request>
SlotWrite WriteOf(const Request& request, MembersToEdit to_edit) {
  return {.mutex_group_id = request.mutex_group_id(),
          .slot_index = request.slot_index(),
          .etag = request.etag(),
          .validate_only = request.validate_only(),
          .edit = [members = MembersOf(request), to_edit](const v1::Slot& slot) {
            return to_edit(slot, members);
          }};
}

}  // namespace

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::AddSlotMembersResponse>>> AddSlotMembers(
    Gateway& gateway, amplitude::Call& call, const v1::AddSlotMembersRequest& request) {
  absl::StatusOr<GroupPtr> group = co_await WriteSlot(gateway, call, WriteOf(request, &Adding));
  co_return WriteReply<v1::AddSlotMembersResponse>(gateway, call, std::move(group));
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::RemoveSlotMembersResponse>>>
RemoveSlotMembers(Gateway& gateway, amplitude::Call& call,
                  const v1::RemoveSlotMembersRequest& request) {
  absl::StatusOr<GroupPtr> group = co_await WriteSlot(gateway, call, WriteOf(request, &Removing));
  co_return WriteReply<v1::RemoveSlotMembersResponse>(gateway, call, std::move(group));
}

}  // namespace mutexd::groups
