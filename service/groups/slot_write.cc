#include "service/groups/slot_write.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/groups/group_errors.h"
#include "service/groups/member_lists.h"
#include "service/groups/write_settlement.h"

namespace mutexd::groups {
namespace {

absl::Status SlotNotFound(const v1::MutexGroup& group, int slot_index) {
  absl::Status status =
      amplitude::MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND,
                           absl::StrCat("mutex group '", group.id(), "' has no slot ", slot_index,
                                        "; it has slots 1 to ", group.slots_size()));
  amplitude::SetResource(status, kSlotResource, absl::StrCat(group.id(), "/", slot_index));
  return status;
}

// The index of a slot, other than the one asked for, that now holds what was asked for and did not
// before.
std::optional<int> WronglyChangedSlot(const v1::MutexGroup& before, const v1::MutexGroup& now,
                                      int asked_slot, const amplitude::SlotEdit& edit) {
  const int slots = std::min(before.slots_size(), now.slots_size());
  for (int i = 0; i < slots; ++i) {
    if (i + 1 == asked_slot) continue;
    if (Holds(now.slots(i), edit) && !Holds(before.slots(i), edit)) return i + 1;
  }
  return std::nullopt;
}

absl::Status WrongSlotChanged(const v1::MutexGroup& group, int asked_slot, int changed_slot,
                              int base) {
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kDataLoss, v1::ERROR_REASON_WRONG_SLOT_CHANGED,
      absl::StrCat("the write for slot ", asked_slot, " of mutex group '", group.id(),
                   "' changed slot ", changed_slot, ": --slot-index-base ", base,
                   " is wrong. What that slot held before stands in the service's log; slot writes "
                   "are refused until an operator restarts it with the other base"),
      {{"changed_slot_index", absl::StrCat(changed_slot)}});
  amplitude::SetResource(status, kSlotResource, absl::StrCat(group.id(), "/", changed_slot));
  return status;
}

// A 404 on a slot speaks of the group when the group cannot be read either. The slot was there a
// moment ago, so that a wrong slot index base is the likely cause.
asio::awaitable<absl::Status> SlotOrGroupNotFound(Gateway& gateway, amplitude::Call& call,
                                                  std::string id, int slot_index,
                                                  absl::Status slot_not_found) {
  absl::StatusOr<GroupPtr> group = co_await gateway.amplitude.Get(call, id);
  const bool group_is_gone =
      amplitude::ReasonOf(group.status()) == v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND;
  if (group_is_gone || absl::IsCancelled(group.status())) co_return std::move(group).status();
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND,
      absl::StrCat("Amplitude shows slot ", slot_index, " of mutex group '", id,
                   "' but does not find it for the write; if this is so for every group, "
                   "--slot-index-base ",
                   gateway.options.slot_index_base, " is wrong. ", slot_not_found.message()));
  CopyHttpStatus(slot_not_found, status);
  amplitude::SetResource(status, kSlotResource, absl::StrCat(id, "/", slot_index));
  co_return status;
}

}  // namespace

absl::Status CheckSlotWritesAllowed(const Gateway& gateway) {
  if (!gateway.slot_index_base_wrong) return absl::OkStatus();
  return amplitude::MakeError(
      absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_SLOT_INDEX_BASE_WRONG,
      absl::StrCat("slot writes are refused since one of them changed a wrong slot: ",
                   "--slot-index-base ", gateway.options.slot_index_base,
                   " is wrong; an operator must restart the service with the other base"));
}

absl::StatusOr<const v1::Slot*> FindSlot(const v1::MutexGroup& group, int slot_index) {
  if (slot_index < 1 || slot_index > group.slots_size()) return SlotNotFound(group, slot_index);
  return &group.slots(slot_index - 1);
}

asio::awaitable<absl::StatusOr<GroupPtr>> EditSlotOf(Gateway& gateway, amplitude::Call& call,
                                                     GroupPtr before, int slot_index,
                                                     amplitude::SlotEdit edit) {
  absl::Status allowed = CheckSlotWritesAllowed(gateway);
  if (!allowed.ok()) co_return allowed;
  const std::string id = before->group->id();
  const int base = gateway.options.slot_index_base;
  WriteGoal goal = GoalThat(before, [slot_index, edit](const v1::MutexGroup& now) {
    return slot_index <= now.slots_size() && Holds(now.slots(slot_index - 1), edit);
  });
  goal.send = [&] { return gateway.amplitude.EditSlot(call, id, slot_index - 1 + base, edit); };
  // Looked for after every read that does not show the write where it belongs.
  std::optional<int> wrong_slot;
  goal.judge = [judge = std::move(goal.judge), &wrong_slot, &before, &edit, slot_index](
                   const absl::StatusOr<GroupPtr>& read, bool accepted) {
    const Sight sight = judge(read, accepted);
    if (sight == Sight::kOther) {
      wrong_slot = WronglyChangedSlot(*before->group, *(*read)->group, slot_index, edit);
    }
    return sight;
  };
  absl::StatusOr<GroupPtr> after = co_await Write(gateway, call, id, std::move(goal));
  if (amplitude::ReasonOf(after.status()) == v1::ERROR_REASON_SLOT_NOT_FOUND) {
    co_return co_await SlotOrGroupNotFound(gateway, call, id, slot_index,
                                           std::move(after).status());
  }
  if (!wrong_slot) co_return after;

  gateway.slot_index_base_wrong = true;
  if (gateway.observer != nullptr) {
    gateway.observer->OnWrongSlotChanged(call.rpc_id, *before->group, slot_index, *wrong_slot);
  }
  co_return WrongSlotChanged(*before->group, slot_index, *wrong_slot, base);
}

asio::awaitable<absl::StatusOr<GroupPtr>> WriteSlot(Gateway& gateway, amplitude::Call& call,
                                                    SlotWrite write) {
  absl::Status allowed = CheckSlotWritesAllowed(gateway);
  if (!allowed.ok()) co_return allowed;
  absl::StatusOr<WriteTurn> turn =
      co_await BeginWrite(gateway, call, write.mutex_group_id, write.etag);
  if (!turn.ok()) co_return std::move(turn).status();
  const GroupPtr before = turn->before;
  absl::StatusOr<const v1::Slot*> slot = FindSlot(*before->group, write.slot_index);
  if (!slot.ok()) co_return std::move(slot).status();

  absl::StatusOr<amplitude::SlotEdit> edit = write.edit(**slot);
  if (!edit.ok()) co_return std::move(edit).status();
  if (Holds(**slot, *edit)) co_return before;
  if (write.validate_only) {
    co_return ChangedCopy(*before, [&](v1::MutexGroup& group) {
      Apply(*edit, *group.mutable_slots(write.slot_index - 1));
    });
  }
  co_return co_await EditSlotOf(gateway, call, before, write.slot_index, *std::move(edit));
}

}  // namespace mutexd::groups
