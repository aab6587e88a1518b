#include "service/rpc/validation.h"

#include "absl/strings/str_cat.h"
#include "service/groups/field_masks.h"
#include "service/rpc/field_checks.h"

namespace mutexd::rpc {
namespace {

constexpr absl::string_view kNothingToChange =
    "nothing to change: name at least one experiment, holdout group or individual";

void CheckFilter(const v1::MutexGroupFilter& filter, Violations& violations) {
  const auto check_id = [&violations](const std::string& field, int64_t id) {
    if (id < 0) violations.push_back({field, absl::StrCat("is ", id, "; ids are over 0")});
  };
  check_id("filter.project_id", filter.project_id());
  check_id("filter.experiment_id", filter.experiment_id());
  check_id("filter.holdout_id", filter.holdout_id());
  CheckText("filter.key", filter.key(), TextKind::kLine, violations);
  CheckText("filter.individual", filter.individual(), TextKind::kLine, violations);
}

// What the requests that change a slot's members have in common.
template <typename Request>
void CheckMembers(const Request& request, Violations& violations) {
  if (request.experiment_ids().empty() && request.holdout_ids().empty() &&
      request.individuals().empty()) {
    violations.push_back({"experiment_ids", std::string(kNothingToChange)});
  }
  CheckIds("experiment_ids", request.experiment_ids(), "", violations);
  CheckIds("holdout_ids", request.holdout_ids(), "", violations);
  CheckIndividuals("individuals", request.individuals(), "", violations);
}

template <typename Request>
Violations ValidateOneSlotMembers(const Request& request) {
  Violations violations;
  CheckGroupId("mutex_group_id", request.mutex_group_id(), violations);
  CheckSlotIndex("slot_index", request.slot_index(), violations);
  CheckMembers(request, violations);
  return violations;
}

template <typename Request>
Violations ValidateGroupIdOnly(const Request& request) {
  Violations violations;
  CheckGroupId("mutex_group_id", request.mutex_group_id(), violations);
  return violations;
}

}  // namespace

Violations Validate(const v1::ListMutexGroupsRequest& request) {
  Violations violations;
  if (request.page_size() < 0) {
    violations.push_back({"page_size", absl::StrCat("is ", request.page_size(),
                                                    "; use 0 for the default, or 1 to 1000")});
  }
  CheckFilter(request.filter(), violations);
  CheckStaleness(request.max_staleness(), violations);
  return violations;
}

Violations Validate(const v1::GetMutexGroupRequest& request) {
  Violations violations;
  const bool has_id = !request.mutex_group_id().empty();
  const bool has_key = !request.key().empty();
  if (has_id && has_key) {
    violations.push_back({"key", "mutex_group_id and key exclude each other; give one of them"});
  } else if (has_key) {
    CheckText("key", request.key(), TextKind::kLine, violations);
  } else if (!has_id) {
    violations.push_back({"mutex_group_id", "required: give mutex_group_id or key"});
  }
  if (has_id) CheckGroupId("mutex_group_id", request.mutex_group_id(), violations);
  CheckStaleness(request.max_staleness(), violations);
  return violations;
}

Violations Validate(const v1::BatchGetMutexGroupsRequest& request) {
  Violations violations;
  const int size = request.mutex_group_ids_size();
  if (size < 1 || size > kMaxBatchIds) {
    violations.push_back(
        {"mutex_group_ids", absl::StrCat("has ", size, " ids; give 1 to ", kMaxBatchIds)});
  }
  for (int i = 0; i < size; ++i) {
    CheckGroupId(absl::StrCat("mutex_group_ids[", i, "]"), request.mutex_group_ids(i), violations);
  }
  CheckStaleness(request.max_staleness(), violations);
  return violations;
}

Violations Validate(const v1::CreateMutexGroupRequest& request) {
  Violations violations;
  const v1::MutexGroup& group = request.mutex_group();
  if (group.project_id() <= 0) {
    violations.push_back({"mutex_group.project_id",
                          absl::StrCat("is ", group.project_id(),
                                       "; required: the id of the Amplitude project, over 0")});
  }
  CheckName("mutex_group.name", group.name(), violations);
  CheckText("mutex_group.key", group.key(), TextKind::kLine, violations);
  CheckText("mutex_group.description", group.description(), TextKind::kParagraphs, violations);
  CheckText("mutex_group.bucketing_key", group.bucketing_key(), TextKind::kLine, violations);
  CheckText("mutex_group.bucketing_salt", group.bucketing_salt(), TextKind::kLine, violations);
  CheckEvaluationMode("mutex_group.evaluation_mode", group.evaluation_mode(), violations);
  CheckSlots(group.slots(), violations);
  if (!request.request_id().empty() && !IsUuid(request.request_id())) {
    violations.push_back(
        {"request_id",
         "is not a UUID; send one such as 5bd9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d71, or "
         "leave it out"});
  }
  return violations;
}

Violations Validate(const v1::UpdateMutexGroupRequest& request) {
  Violations violations;
  const v1::MutexGroup& group = request.mutex_group();
  CheckGroupId("mutex_group.id", group.id(), violations);
  const groups::GroupMask mask = groups::ReadGroupMask(request.update_mask(), group, violations);
  if (mask.name) CheckName("mutex_group.name", group.name(), violations);
  if (mask.description) {
    CheckText("mutex_group.description", group.description(), TextKind::kParagraphs, violations);
  }
  CheckEvaluationMode("mutex_group.evaluation_mode", group.evaluation_mode(), violations);
  return violations;
}

Violations Validate(const v1::UpdateSlotRequest& request) {
  Violations violations;
  const v1::Slot& slot = request.slot();
  CheckGroupId("mutex_group_id", request.mutex_group_id(), violations);
  CheckSlotIndex("slot_index", request.slot_index(), violations);
  if (slot.index() != 0 && slot.index() != request.slot_index()) {
    violations.push_back(
        {"slot.index", absl::StrCat("is ", slot.index(), " but slot_index is ",
                                    request.slot_index(), "; leave it out or send the same")});
  }
  const groups::SlotMask mask = groups::ReadSlotMask(request.update_mask(), violations);
  if (mask.experiment_ids) {
    CheckIds("slot.experiment_ids", slot.experiment_ids(), "", violations);
  }
  if (mask.holdout_ids) CheckIds("slot.holdout_ids", slot.holdout_ids(), "", violations);
  if (mask.individuals) {
    CheckIndividuals("slot.individuals", slot.individuals(), "", violations);
  }
  return violations;
}

Violations Validate(const v1::AddSlotMembersRequest& request) {
  return ValidateOneSlotMembers(request);
}

Violations Validate(const v1::RemoveSlotMembersRequest& request) {
  return ValidateOneSlotMembers(request);
}

Violations Validate(const v1::MoveSlotMembersRequest& request) {
  Violations violations;
  CheckGroupId("mutex_group_id", request.mutex_group_id(), violations);
  CheckSlotIndex("from_slot_index", request.from_slot_index(), violations);
  CheckSlotIndex("to_slot_index", request.to_slot_index(), violations);
  if (request.from_slot_index() == request.to_slot_index()) {
    violations.push_back({"to_slot_index",
                          "is the same slot as from_slot_index; a move needs two "
                          "different slots"});
  }
  CheckMembers(request, violations);
  return violations;
}

Violations Validate(const v1::ArchiveMutexGroupRequest& request) {
  return ValidateGroupIdOnly(request);
}

Violations Validate(const v1::UnarchiveMutexGroupRequest& request) {
  return ValidateGroupIdOnly(request);
}

}  // namespace mutexd::rpc
