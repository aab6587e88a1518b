#include "service/amplitude/second_window.h"

#include <algorithm>
#include <chrono>

namespace mutexd::amplitude {
namespace {

using Tick = std::chrono::milliseconds;

constexpr std::chrono::seconds kAfterEnd(1);

std::int64_t TickBefore(MonotonicTime time) {
  return std::chrono::floor<Tick>(time).time_since_epoch().count();
}

std::int64_t TickAfter(MonotonicTime time) {
  return std::chrono::ceil<Tick>(time).time_since_epoch().count();
}

}  // namespace

void SecondWindow::Advance(MonotonicTime now) {
  const std::int64_t target = TickBefore(now);
  if (idle() || target - tick_ >= kTicks) {
    if (!idle()) std::fill(counts_.begin(), counts_.end(), 0);
    free_ = per_second_;
    tick_ = std::max(tick_, target);
    return;
  }
  while (tick_ < target) {
    std::uint32_t& count = Count(++tick_);
    free_ += static_cast<int>(count);
    count = 0;
  }
}

SecondWindow::Permit SecondWindow::Take(MonotonicTime now) {
  if (counts_.empty()) counts_.resize(kTicks);
  --free_;
  const Permit permit = TickAfter(now + kLongestHeld);
  ++Count(permit);
  return permit;
}

void SecondWindow::End(Permit permit, MonotonicTime now) {
  if (permit <= tick_) return;
  const std::int64_t earlier = TickAfter(now + kAfterEnd);
  if (earlier >= permit) return;
  --Count(permit);
  ++Count(earlier);
}

MonotonicTime SecondWindow::WhenFree(int n, MonotonicTime now) const {
  if (n < free_) return now;
  std::int64_t left = n - free_;
  for (std::int64_t tick = tick_ + 1; tick < tick_ + kTicks; ++tick) {
    left -= counts_[tick % kTicks];
    if (left < 0) return MonotonicTime(Tick(tick));
  }
  return now + kLongestHeld;
}

void SecondWindow::Shrink() {
  if (idle()) std::vector<std::uint32_t>().swap(counts_);
}

}  // namespace mutexd::amplitude
