// How many requests may be made in a day of UTC.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace mutexd::amplitude {

// Days since 1970-01-01, UTC.
using UtcDay = std::int64_t;

UtcDay UtcDayOf(absl::Time time);
absl::Time StartOf(UtcDay day);

// Which day it is, although the wall clock can be set. No date is given out twice: a clock that
// goes back over midnight leaves the later day in force, whose budget so begins a little early and
// ends on time. One that goes back further was wrong before, and its date is taken; budgets keep
// their count then. One that goes forward begins the day that it shows.
class CalendarDay {
 public:
  UtcDay At(absl::Time now);

 private:
  UtcDay day_ = 0;
};

// The requests of one management key.
class DayBudget {
 public:
  // The last `kept_for_writes` of the day are for writes only.
  DayBudget(std::int64_t per_day, std::int64_t kept_for_writes)
      : per_day_(per_day), kept_for_writes_(kept_for_writes) {}

  // The day that it is. A later one begins with nothing made; an earlier one, which means that the
  // clock was wrong, keeps what was made. What has been put aside stays so.
  void Begin(UtcDay day);
  UtcDay day() const { return day_; }

  std::int64_t per_day() const { return per_day_; }
  std::int64_t kept_for_writes() const { return kept_for_writes_; }
  std::int64_t made() const { return made_; }
  std::int64_t put_aside() const { return put_aside_; }

  // How many are left for those who have put none aside.
  std::int64_t left() const;

  bool AllowsRead() const { return left() > kept_for_writes_; }
  bool AllowsWrite(std::int64_t requests) const { return left() >= requests; }
  bool AllowsReserved() const { return made_ < per_day_; }

  void PutAside(std::int64_t requests) { put_aside_ += requests; }
  void GiveBack(std::int64_t requests) { put_aside_ -= requests; }

  // A request is made.
  void Count() { ++made_; }

  // Made in an earlier life. May exceed the limit, which may have been lowered.
  void Restore(std::int64_t made) { made_ += made; }

  // Amplitude says that nothing is left.
  void Spend();

 private:
  const std::int64_t per_day_;
  const std::int64_t kept_for_writes_;
  UtcDay day_ = 0;
  std::int64_t made_ = 0;
  std::int64_t put_aside_ = 0;
};

}  // namespace mutexd::amplitude
