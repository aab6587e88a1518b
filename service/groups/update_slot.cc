#include "service/groups/update_slot.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/groups/field_masks.h"
#include "service/groups/slot_write.h"
#include "service/groups/write_settlement.h"

namespace mutexd::groups {
namespace {

// The edit that gives a slot, which Amplitude holds as `held`, the lists of `slot`.
absl::StatusOr<amplitude::SlotEdit> EditOf(const v1::Slot& slot, const SlotMask& mask,
                                           const v1::Slot& held) {
  if (slot.percentage() != 0 && slot.percentage() != held.percentage()) {
    return amplitude::InvalidRequest(
        {{"slot.percentage",
          absl::StrCat("cannot change after creation: slot ", held.index(), " has ",
                       held.percentage(), " percent; leave it out or send that")}});
  }
  amplitude::SlotEdit edit;
  if (mask.experiment_ids) {
    edit.experiment_ids.emplace(slot.experiment_ids().begin(), slot.experiment_ids().end());
  }
  if (mask.holdout_ids) {
    edit.holdout_ids.emplace(slot.holdout_ids().begin(), slot.holdout_ids().end());
  }
  if (mask.individuals) {
    edit.individuals.emplace(slot.individuals().begin(), slot.individuals().end());
  }
  return edit;
}

}  // namespace

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::UpdateSlotResponse>>> UpdateSlot(
    Gateway& gateway, amplitude::Call& call, const v1::UpdateSlotRequest& request) {
  std::vector<amplitude::FieldViolation> violations;
  const SlotMask mask = ReadSlotMask(request.update_mask(), violations);
  if (!violations.empty()) co_return amplitude::InvalidRequest(violations);
  // Named, as g++ 12 destroys such a temporary twice when it stands in the co_await.
  SlotWrite write{.mutex_group_id = request.mutex_group_id(),
                  .slot_index = request.slot_index(),
                  .etag = request.etag(),
                  .validate_only = request.validate_only(),
                  .edit = [&request, mask](const v1::Slot& held) {
                    return EditOf(request.slot(), mask, held);
                  }};
  absl::StatusOr<GroupPtr> group = co_await WriteSlot(gateway, call, std::move(write));
  co_return WriteReply<v1::UpdateSlotResponse>(gateway, call, std::move(group));
}

}  // namespace mutexd::groups
