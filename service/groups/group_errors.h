// Errors that several use cases give.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/resource_types.h"

namespace mutexd::groups {

using amplitude::kGroupResource;
using amplitude::kSlotResource;

// NOT_FOUND/MUTEX_GROUP_NOT_FOUND.
absl::Status GroupNotFound(absl::string_view message, absl::string_view name);

// ABORTED/ETAG_MISMATCH. `current` is empty where the group could not be read.
absl::Status EtagMismatch(absl::string_view group_id, absl::string_view current);

}  // namespace mutexd::groups
