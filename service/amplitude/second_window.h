// How many requests may start in a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "service/amplitude/monotonic_time.h"

namespace mutexd::amplitude {

// Permits for requests, so that no second has more than `per_second` of them as Amplitude sees it.
// A request can arrive at any time between its start and its end: its permit is free again a second
// after its end, but at the latest kLongestHeld after its start, so that one that hangs blocks
// nobody.
//
// Each call takes constant time, whatever the limit. Times are rounded up to milliseconds. `now`
// must never go back.
class SecondWindow {
 public:
  static constexpr std::chrono::seconds kLongestHeld{2};

  explicit SecondWindow(int per_second) : per_second_(per_second), free_(per_second) {}

  // What tells a permit that is held: when it is free again if nothing else is heard.
  using Permit = std::int64_t;

  // Takes back the permits that are free by now. To be called before the others.
  void Advance(MonotonicTime now);

  int per_second() const { return per_second_; }
  int free() const { return free_; }
  bool idle() const { return free_ == per_second_; }

  // One must be free.
  Permit Take(MonotonicTime now);

  // The request with this permit has ended.
  void End(Permit permit, MonotonicTime now);

  // When the permit comes that the n-th to wait will get, from 0 to per_second - 1, as far as it is
  // known now: that of a request under way at the latest. `now` where one is free already.
  MonotonicTime WhenFree(int n, MonotonicTime now) const;

  // Returns its memory while it is idle.
  void Shrink();

 private:
  std::uint32_t& Count(std::int64_t tick) { return counts_[tick % kTicks]; }

  static constexpr std::int64_t kTicks = 2048;  // of a millisecond: over kLongestHeld

  const int per_second_;
  int free_;
  std::int64_t tick_ = 0;  // all permits that are free by this tick have been taken back

  // How many permits will be free at each tick of the next kTicks; a ring, empty while idle.
  std::vector<std::uint32_t> counts_;
};

}  // namespace mutexd::amplitude
