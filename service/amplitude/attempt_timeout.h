// How much of a call's remaining time one request to Amplitude may take.
#pragma once

#include "absl/time/time.h"

namespace mutexd::amplitude {

// At most `cap` (--upstream-timeout) and half of the time left, so that another attempt, or the
// look for what became of a write, still finds time; but never less than two seconds where there
// are as many: half of little is too little for a slow reply.
absl::Duration AttemptTimeout(absl::Duration cap, absl::Duration time_left);

}  // namespace mutexd::amplitude
