// What google.rpc.ResourceInfo calls the things that errors are about.
#pragma once

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

inline constexpr absl::string_view kGroupResource = "mutexgroups.v1.MutexGroup";
inline constexpr absl::string_view kSlotResource = "mutexgroups.v1.Slot";

}  // namespace mutexd::amplitude
