// Time as the gateway sees it: a seam, so that tests move time by hand.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/amplitude/monotonic_time.h"

namespace mutexd::amplitude {

class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock: read times, and the days of Amplitude's quota (UTC).
  virtual absl::Time Now() const = 0;

  // Never jumps: deadlines and waits.
  virtual MonotonicTime MonotonicNow() const = 0;

  // Waits until MonotonicNow() reaches `time`. False when the coroutine was cancelled meanwhile.
  virtual asio::awaitable<bool> SleepUntil(MonotonicTime time) = 0;

  asio::awaitable<bool> Sleep(absl::Duration duration) {
    return SleepUntil(MonotonicNow() + absl::ToChronoNanoseconds(duration));
  }
};

// The system's clocks, and timers of an event loop.
class LoopClock final : public Clock {
 public:
  explicit LoopClock(asio::any_io_executor loop) : loop_(std::move(loop)) {}

  absl::Time Now() const override { return absl::Now(); }
  MonotonicTime MonotonicNow() const override { return std::chrono::steady_clock::now(); }
  asio::awaitable<bool> SleepUntil(MonotonicTime time) override;

 private:
  const asio::any_io_executor loop_;
};

}  // namespace mutexd::amplitude
