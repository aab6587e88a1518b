// The Retry-After header.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::amplitude {

// How long to wait from `now`: seconds, or an HTTP date of any of the three forms (in the past it
// means not at all). Nothing where the header is absent or says anything else. Never over a day, by
// which time every limit of Amplitude's has begun anew.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view header, absl::Time now);

}  // namespace mutexd::amplitude
