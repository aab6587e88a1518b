// Points in time as Amplitude's replies write them.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::amplitude {

// ISO 8601 date and time, of the years 1 to 9999: "2024-05-06T07:08:09.123Z", also with an offset,
// a space for the T, or without a zone, which then is UTC.
std::optional<absl::Time> ParseIso8601(absl::string_view text);

}  // namespace mutexd::amplitude
