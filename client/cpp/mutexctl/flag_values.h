// The values of flags: what users may write, and what it means.
//
// CLI11's own reading of numbers takes "010" for 8; these take decimal digits only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexgroups::ctl {

// An id or a slot's position: a whole number over 0.
std::optional<std::int64_t> ParseId(const std::string& text);
std::optional<std::int32_t> ParsePosition(const std::string& text);

// A duration such as `500ms`, `10s`, `5m`; not negative, an hour at most.
std::optional<std::chrono::milliseconds> ParseDuration(const std::string& text);

// A slot of a new group: `40`, or with members `40,experiment=123,experiment=124,holdout=5,
// individual=a@example.com`. The error says what is wrong with which part.
absl::StatusOr<v1::Slot> ParseSlot(const std::string& text);

}  // namespace mutexgroups::ctl
