#include "service/telemetry/loop_lag.h"

#include <asio/this_coro.hpp>

#include <chrono>

namespace mutexd::telemetry {

asio::awaitable<void> MeasureLoopLag(amplitude::Clock& clock, Metrics& metrics) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const prometheus::Histogram::BucketBoundaries bounds = {0.001, 0.0025, 0.005, 0.01, 0.025,
                                                          0.05,  0.1,    0.25,  0.5,  1};
  prometheus::Histogram& lag =
      metrics
          .AddHistogram("mutexd_event_loop_lag_seconds",
                        "How late timers of the event loop are, measured every second.")
          .Add({}, bounds);
  while (true) {
    const amplitude::MonotonicTime due = clock.MonotonicNow() + std::chrono::seconds(1);
    if (!co_await clock.SleepUntil(due)) co_return;
    lag.Observe(std::chrono::duration<double>(clock.MonotonicNow() - due).count());
  }
}

}  // namespace mutexd::telemetry
