// The paths and queries of Amplitude's mutex-group endpoints, to be appended to a base URL.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "service/amplitude/amplitude_types.h"

namespace mutexd::amplitude {

// Longer group ids are refused.
inline constexpr std::size_t kMaxGroupIdBytes = 128;

// Why `id` cannot be a group's id in a path, as a clause such as "must not be empty"; nothing when
// it can.
std::optional<std::string> GroupIdProblem(absl::string_view id);

// All bytes but RFC 3986's unreserved characters as %XX.
std::string PercentEncode(absl::string_view text);

std::string CollectionPath();
std::string ListPath(const ListQuery& query);

// `id` must be without GroupIdProblem.
std::string GroupPath(absl::string_view id);
std::string SlotPath(absl::string_view id, int path_index);

}  // namespace mutexd::amplitude
