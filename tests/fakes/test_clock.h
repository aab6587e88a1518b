// A Clock that a test moves by hand.
#pragma once

#include <asio/steady_timer.hpp>

#include <cstddef>
#include <list>
#include <memory>

#include "absl/time/time.h"
#include "service/amplitude/clock.h"

namespace mutexd::fakes {

// Both clocks stand still until Advance. Sleepers whose time has come resume when their loop runs
// next.
class TestClock final : public amplitude::Clock {
 public:
  explicit TestClock(absl::Time now = absl::FromUnixSeconds(1'700'000'000)) : now_(now) {}

  absl::Time Now() const override { return now_; }
  amplitude::MonotonicTime MonotonicNow() const override { return monotonic_now_; }
  asio::awaitable<bool> SleepUntil(amplitude::MonotonicTime time) override;

  void Advance(absl::Duration duration);

  // Sets the wall clock, and leaves the other alone.
  void JumpTo(absl::Time now) { now_ = now; }

  // Advances to the moment at which the next sleeper wakes. False, and nothing happens, when nobody
  // sleeps.
  bool AdvanceToNextSleeper();

  std::size_t sleepers() const { return sleepers_->size(); }

 private:
  struct Sleeper {
    amplitude::MonotonicTime until;
    asio::steady_timer* timer;  // never expires; cancelled to wake the sleeper
  };
  class Place;

  absl::Time now_;
  amplitude::MonotonicTime monotonic_now_ = amplitude::MonotonicTime(std::chrono::hours(1));
  // Outlives the clock where coroutines do.
  std::shared_ptr<std::list<Sleeper>> sleepers_ = std::make_shared<std::list<Sleeper>>();
};

}  // namespace mutexd::fakes
