// What metrics and logs learn of the policies that stand between the use cases and Amplitude.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/amplitude/status_table.h"

namespace mutexd::amplitude {

enum class CircuitState { kClosed, kHalfOpen, kOpen };

enum class Budget { kSecond, kDay };

// Why a request is not repeated although its failure might pass.
enum class RetryEnd {
  kAttempts,  // it has been made as often as it may
  kDeadline,  // the next attempt would come too late
  kBudget,    // too many requests fail: repeating all of them would make it worse
};

// Called on the event loop; must not block, throw or call Amplitude. What is of no interest need
// not be overridden.
class PolicyObserver {
 public:
  virtual ~PolicyObserver() = default;

  // A read that may be answered from the cache was, or was not.
  virtual void OnCacheLookup(Operation /*operation*/, bool /*hit*/) {}
  virtual void OnCacheSize(std::size_t /*bytes*/, std::size_t /*entries*/) {}

  // A read joined an equal one under way.
  virtual void OnJoined(Operation /*operation*/) {}

  // A request is made again after `wait`; or it is not, for this reason.
  virtual void OnRetry(Operation /*operation*/, absl::Duration /*wait*/) {}
  virtual void OnRetriesEnded(Operation /*operation*/, RetryEnd /*why*/) {}

  // The circuit has changed to `state`; while it is open, the next probe comes after `wait`.
  virtual void OnCircuitChange(CircuitState /*state*/, absl::Duration /*wait*/) {}
  virtual void OnCircuitRefused(Operation /*operation*/) {}

  // What is left of the budgets of the service's own key.
  virtual void OnQuotaLeft(Budget /*budget*/, double /*requests*/) {}
  virtual void OnQuotaRefused(Budget /*budget*/) {}

  // A request waited so long for its turn; how many wait now.
  virtual void OnQuotaWaited(absl::Duration /*wait*/) {}
  virtual void OnQuotaQueue(std::size_t /*waiting*/) {}
};

}  // namespace mutexd::amplitude
