// The quotas of requests to Amplitude, which hold for each management key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "service/amplitude/call.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/day_budget.h"
#include "service/amplitude/key_quota.h"
#include "service/amplitude/policy_observer.h"

namespace mutexd::amplitude {

// How many requests were made on a day, by the fingerprint of the key; keys without any left out.
struct DayCounts {
  UtcDay day = 0;
  std::map<std::uint64_t, std::int64_t> made;
};

// Has a quota for each key that is in use: those of callers come and go, and are forgotten when
// nothing is under way and their day is over, or, when there are too many of them, when they have
// not been used for the longest: whoever invents keys takes no more memory than that. A key that is
// forgotten too early begins its day anew here, and Amplitude's own limits hold.
// On the event loop.
class QuotaBook {
 public:
  // No more keys are remembered than this, but for those with something under way.
  static constexpr std::size_t kMostKeys = 4096;

  // Both must outlive the book.
  QuotaBook(QuotaOptions options, Clock& clock, PolicyObserver& observer);
  ~QuotaBook();  // requests under way need not have ended
  QuotaBook(const QuotaBook&) = delete;
  QuotaBook& operator=(const QuotaBook&) = delete;

  // Never null.
  std::shared_ptr<KeyQuota> Of(const Credential& credential);

  // The requests of the day that it is.
  DayCounts Counts();

  // Of the keys that it knows, the service's own first.
  std::vector<QuotaState> States();

  // Counts requests that were made in an earlier life. Those of another day count nothing.
  void Restore(const DayCounts& counts);

  // Calls this whenever Counts has changed, but for a new day's beginning. Replaces the former.
  void NotifyOfChanges(std::function<void()> on_change);

  // How many keys it knows.
  std::size_t size() const { return quotas_.size(); }

 private:
  struct Known {
    std::shared_ptr<KeyQuota> quota;
    std::uint64_t used = 0;  // the higher, the later
  };

  const std::shared_ptr<KeyQuota>& Entry(std::uint64_t fingerprint);
  void Forget();
  void ForgetLeastUsed();

  const std::shared_ptr<QuotaSurroundings> surroundings_;
  std::unordered_map<std::uint64_t, Known> quotas_;
  std::uint64_t uses_ = 0;
  std::size_t forget_at_;  // when it has so many keys it looks which it can forget
};

}  // namespace mutexd::amplitude
