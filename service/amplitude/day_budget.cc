#include "service/amplitude/day_budget.h"

#include <algorithm>

namespace mutexd::amplitude {

UtcDay UtcDayOf(absl::Time time) {
  absl::Duration rest;
  const UtcDay day = absl::IDivDuration(time - absl::UnixEpoch(), absl::Hours(24), &rest);
  return rest < absl::ZeroDuration() ? day - 1 : day;
}

absl::Time StartOf(UtcDay day) { return absl::UnixEpoch() + day * absl::Hours(24); }

UtcDay CalendarDay::At(absl::Time now) {
  const UtcDay shown = UtcDayOf(now);
  if (shown != day_ - 1) day_ = shown;
  return day_;
}

void DayBudget::Begin(UtcDay day) {
  if (day > day_) made_ = 0;
  day_ = day;
}

std::int64_t DayBudget::left() const {
  return std::max<std::int64_t>(per_day_ - made_ - put_aside_, 0);
}

void DayBudget::Spend() { made_ = std::max(made_, per_day_); }

}  // namespace mutexd::amplitude
