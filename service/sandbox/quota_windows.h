// Amplitude's request limits: so many per second and so many per day, for each management key.
//
// Documented are the two numbers and that the day ends at 24:00 UTC. Chosen here: a second is a
// second of the clock, the most lenient reading; a refused request does not count.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::sandbox {

struct QuotaLimits {
  std::int64_t per_second = 100;   // 0: no limit
  std::int64_t per_day = 100'000;  // 0: no limit
};

// Thread-safe.
class QuotaWindows {
 public:
  enum class Verdict { kAdmitted, kSecondSpent, kDaySpent };

  QuotaWindows(QuotaLimits limits, std::function<absl::Time()> now);

  // Counts a request of `key`, unless a window is full.
  Verdict Admit(absl::string_view key);

 private:
  struct Usage {
    std::int64_t second = 0;  // seconds since 1970
    std::int64_t in_second = 0;
    std::int64_t in_day = 0;
  };

  const QuotaLimits limits_;
  const std::function<absl::Time()> now_;
  std::mutex mutex_;
  std::int64_t day_ = 0;  // days since 1970 (UTC)
  std::map<std::string, Usage> usage_;
};

}  // namespace mutexd::sandbox
