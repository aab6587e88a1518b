// What the update masks of UpdateMutexGroup and UpdateSlot name.
#pragma once

#include <google/protobuf/field_mask.pb.h>

#include <string>
#include <vector>

#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/error.h"

namespace mutexd::groups {

namespace v1 = ::mutexgroups::v1;

struct GroupMask {
  bool name = false;
  bool description = false;
};

struct SlotMask {
  bool experiment_ids = false;
  bool holdout_ids = false;
  bool individuals = false;
};

// The fields that `mask` names, in snake_case or lowerCamelCase; `*` means all that can change.
// What it names wrongly (unknown, output-only and immutable paths) is added to `violations`, as is
// nothing to change. An empty mask of a group means the fields that are set.
GroupMask ReadGroupMask(const google::protobuf::FieldMask& mask, const v1::MutexGroup& group,
                        std::vector<amplitude::FieldViolation>& violations);
SlotMask ReadSlotMask(const google::protobuf::FieldMask& mask,
                      std::vector<amplitude::FieldViolation>& violations);

}  // namespace mutexd::groups
