// The three lists that a slot holds - experiments, holdout groups, individuals - as sets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/amplitude_api.h"

namespace mutexd::groups {

namespace v1 = ::mutexgroups::v1;

// Members named by a request; each list may be empty.
struct Members {
  std::vector<std::int64_t> experiment_ids;
  std::vector<std::int64_t> holdout_ids;
  std::vector<std::string> individuals;
};

// The members that a request with such fields names.
template <typename Request>
Members MembersOf(const Request& request) {
  return Members{{request.experiment_ids().begin(), request.experiment_ids().end()},
                 {request.holdout_ids().begin(), request.holdout_ids().end()},
                 {request.individuals().begin(), request.individuals().end()}};
}

// The edit that adds `members` to `slot`, or removes them. It names the lists that change and no
// others, and keeps the order of what stays.
amplitude::SlotEdit Adding(const v1::Slot& slot, const Members& members);
amplitude::SlotEdit Removing(const v1::Slot& slot, const Members& members);

// Whether the edit names no list.
bool IsEmpty(const amplitude::SlotEdit& edit);

// Whether `slot` holds, as sets, each list that `edit` names.
bool Holds(const v1::Slot& slot, const amplitude::SlotEdit& edit);

// What `slot` is after `edit`.
void Apply(const amplitude::SlotEdit& edit, v1::Slot& slot);

// Whether both slots hold the same lists, as sets.
bool SameMembers(const v1::Slot& one, const v1::Slot& other);

}  // namespace mutexd::groups
