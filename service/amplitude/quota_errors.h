// The refusals of a request for which there is no quota: RESOURCE_EXHAUSTED with RetryInfo and
// QuotaFailure. Nothing was sent.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/amplitude/day_budget.h"

namespace mutexd::amplitude {

// What a refusal has to say of the request.
struct RefusedRequest {
  bool from_caller = false;   // Credential::from_caller
  bool is_write = false;      // Call::is_write
  std::int64_t requests = 1;  // how many it needs
};

// QUOTA_PER_SECOND: its turn would come after `wait`, which is too late for the call.
absl::Status SecondIsSpent(const RefusedRequest& request, int per_second, absl::Duration wait);

// AMPLITUDE_RATE_LIMITED: Amplitude has refused a request, and asked to wait.
absl::Status AmplitudeAsksToWait(const RefusedRequest& request, absl::Duration wait);

// QUOTA_PER_DAY: the day does not have so many left for this request. It ends after `wait`.
absl::Status DayIsSpent(const RefusedRequest& request, const DayBudget& day, absl::Duration wait);

}  // namespace mutexd::amplitude
