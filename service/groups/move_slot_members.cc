#include "service/groups/move_slot_members.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/groups/group_errors.h"
#include "service/groups/member_lists.h"
#include "service/groups/slot_write.h"
#include "service/groups/write_settlement.h"

namespace mutexd::groups {
namespace {

// What the move comes to when adding is done and removing ended with `removing`. An error that says
// more than that the second step was not made stays as it is.
absl::Status HalfDone(const v1::MoveSlotMembersRequest& request, absl::Status removing) {
  if (absl::IsCancelled(removing) || absl::IsUnknown(removing) || absl::IsDataLoss(removing)) {
    return removing;
  }
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kAborted, v1::ERROR_REASON_PARTIALLY_APPLIED,
      absl::StrCat("the members were added to slot ", request.to_slot_index(),
                   " but not removed from slot ", request.from_slot_index(), ": ",
                   removing.message(), ". Repeating the move is safe and completes it"));
  CopyHttpStatus(removing, status);
  const auto retry_delay = amplitude::RetryDelayOf(removing);
  if (retry_delay) amplitude::SetRetryDelay(status, *retry_delay);
  amplitude::SetResource(status, kGroupResource, request.mutex_group_id());
  return status;
}

asio::awaitable<absl::StatusOr<GroupPtr>> Move(Gateway& gateway, amplitude::Call& call,
                                               const v1::MoveSlotMembersRequest& request) {
  absl::Status allowed = CheckSlotWritesAllowed(gateway);
  if (!allowed.ok()) co_return allowed;
  absl::StatusOr<WriteTurn> turn =
      co_await BeginWrite(gateway, call, request.mutex_group_id(), request.etag());
  if (!turn.ok()) co_return std::move(turn).status();
  GroupPtr group = turn->before;
  absl::StatusOr<const v1::Slot*> from = FindSlot(*group->group, request.from_slot_index());
  if (!from.ok()) co_return std::move(from).status();
  absl::StatusOr<const v1::Slot*> to = FindSlot(*group->group, request.to_slot_index());
  if (!to.ok()) co_return std::move(to).status();

  const Members members = MembersOf(request);
  amplitude::SlotEdit adding = Adding(**to, members);
  const bool adds = !IsEmpty(adding);
  if (request.validate_only()) {
    co_return ChangedCopy(*group, [&](v1::MutexGroup& changed) {
      Apply(adding, *changed.mutable_slots(request.to_slot_index() - 1));
      Apply(Removing(**from, members), *changed.mutable_slots(request.from_slot_index() - 1));
    });
  }
  if (adds) {
    absl::StatusOr<GroupPtr> added = co_await EditSlotOf(
        gateway, call, std::move(group), request.to_slot_index(), std::move(adding));
    if (!added.ok()) co_return added;
    group = *std::move(added);
    // The group may have been changed meanwhile: what is removed is taken from what is there now.
    from = FindSlot(*group->group, request.from_slot_index());
    if (!from.ok()) co_return HalfDone(request, std::move(from).status());
  }

  amplitude::SlotEdit removing = Removing(**from, members);
  if (IsEmpty(removing)) co_return group;
  // From here on the fate that counts is the second write's.
  call.write_accepted = false;
  absl::StatusOr<GroupPtr> removed = co_await EditSlotOf(
      gateway, call, std::move(group), request.from_slot_index(), std::move(removing));
  if (!removed.ok() && adds) co_return HalfDone(request, std::move(removed).status());
  co_return removed;
}

}  // namespace

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::MoveSlotMembersResponse>>> MoveSlotMembers(
    Gateway& gateway, amplitude::Call& call, const v1::MoveSlotMembersRequest& request) {
  absl::StatusOr<GroupPtr> group = co_await Move(gateway, call, request);
  co_return WriteReply<v1::MoveSlotMembersResponse>(gateway, call, std::move(group));
}

}  // namespace mutexd::groups
