// A Clock that a test moves by hand.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <list>

#include "absl/time/time.h"
#include "service/amplitude/clock.h"

namespace mutexd::fakes {

// Both clocks stand still until Advance. Sleepers whose time has come resume when the loop runs
// next.
class TestClock final : public amplitude::Clock {
 public:
  explicit TestClock(asio::io_context& loop, absl::Time now = absl::FromUnixSeconds(1'700'000'000))
      : loop_(loop), now_(now) {}

  absl::Time Now() const override { return now_; }
  amplitude::MonotonicTime MonotonicNow() const override { return monotonic_now_; }
  asio::awaitable<bool> SleepUntil(amplitude::MonotonicTime time) override;

  void Advance(absl::Duration duration);

  // Advances to the moment at which the next sleeper wakes. False, and nothing happens, when nobody
  // sleeps.
  bool AdvanceToNextSleeper();

  std::size_t sleepers() const { return sleepers_.size(); }

 private:
  struct Sleeper {
    amplitude::MonotonicTime until;
    asio::steady_timer* timer;  // never expires; cancelled to wake the sleeper
  };

  asio::io_context& loop_;
  absl::Time now_;
  amplitude::MonotonicTime monotonic_now_ = amplitude::MonotonicTime(std::chrono::hours(1));
  std::list<Sleeper> sleepers_;
};

}  // namespace mutexd::fakes
