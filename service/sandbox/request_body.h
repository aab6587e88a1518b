// The bodies of the three writes: what is documented is checked, and nothing else.
//
// A failure is INVALID_ARGUMENT and names the JSON path of the first offence. Members that are not
// documented are ignored. Not documented, and chosen here: null in a create stands for an absent
// member, in an edit it is invalid but for the description, which it removes; an empty name or key
// is invalid; an edit that names nothing is accepted and changes nothing.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/sandbox/mutex_group.h"

namespace mutexd::sandbox {

absl::StatusOr<NewGroup> ParseCreate(absl::string_view body);

// With `archive: true` the other members are not even looked at.
absl::StatusOr<GroupEdit> ParseGroupEdit(absl::string_view body);

absl::StatusOr<SlotEdit> ParseSlotEdit(absl::string_view body);

}  // namespace mutexd::sandbox
