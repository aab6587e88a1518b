// One edit of one slot, verified: what UpdateSlot and the changes of members have in common.
#pragma once

#include <asio/awaitable.hpp>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/amplitude/amplitude_api.h"
#include "service/groups/gateway.h"
#include "service/groups/group_reply.h"

namespace mutexd::groups {

// OK, or FAILED_PRECONDITION/SLOT_INDEX_BASE_WRONG once a slot write has changed a wrong slot.
absl::Status CheckSlotWritesAllowed(const Gateway& gateway);

// The slot of this index, from 1; NOT_FOUND/SLOT_NOT_FOUND when the group has no such slot.
absl::StatusOr<const v1::Slot*> FindSlot(const v1::MutexGroup& group, int slot_index);

// Sends `edit` for a slot of `before` and reads what became of it. The caller holds the group's
// turn.
//
// When another slot now holds what was asked for and did not before, the slot index base is wrong:
// DATA_LOSS/WRONG_SLOT_CHANGED, and from then on slot writes are refused.
asio::awaitable<absl::StatusOr<GroupPtr>> EditSlotOf(Gateway& gateway, amplitude::Call& call,
                                                     GroupPtr before, int slot_index,
                                                     amplitude::SlotEdit edit);

struct SlotWrite {
  std::string mutex_group_id;
  int slot_index = 0;
  std::string etag;
  bool validate_only = false;

  // The edit that the slot, as it is, needs, or why there cannot be one; it is not sent when the
  // slot holds its lists already.
  std::function<absl::StatusOr<amplitude::SlotEdit>(const v1::Slot& slot)> edit;
};

// Reads the group, edits the slot, and answers with the group as it then is.
asio::awaitable<absl::StatusOr<GroupPtr>> WriteSlot(Gateway& gateway, amplitude::Call& call,
                                                    SlotWrite write);

}  // namespace mutexd::groups
