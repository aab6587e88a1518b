// Errors that several use cases give.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mutexd::groups {

// The types that google.rpc.ResourceInfo names.
inline constexpr absl::string_view kGroupResource = "mutexgroups.v1.MutexGroup";
inline constexpr absl::string_view kSlotResource = "mutexgroups.v1.Slot";

// NOT_FOUND/MUTEX_GROUP_NOT_FOUND.
absl::Status GroupNotFound(absl::string_view message, absl::string_view name);

// ABORTED/ETAG_MISMATCH. `current` is empty where the group could not be read.
absl::Status EtagMismatch(absl::string_view group_id, absl::string_view current);

}  // namespace mutexd::groups
