#include "service/amplitude/clock.h"

#include <gtest/gtest.h>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <optional>

#include "tests/fakes/test_clock.h"

namespace mutexd::amplitude {
namespace {

// Starts a sleep whose result appears in `result`.
void StartSleep(asio::io_context& loop, Clock& clock, MonotonicTime until,
                asio::cancellation_signal& cancel, std::optional<bool>& result) {
  asio::co_spawn(loop, clock.SleepUntil(until),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&result](std::exception_ptr, bool slept) { result = slept; }));
}

TEST(LoopClock, SleepsUntilTheTimeHasCome) {
  asio::io_context loop;
  LoopClock clock(loop.get_executor());
  asio::cancellation_signal cancel;
  std::optional<bool> result;
  const MonotonicTime until = clock.MonotonicNow() + std::chrono::milliseconds(5);
  StartSleep(loop, clock, until, cancel, result);
  loop.run();
  EXPECT_EQ(result, true);
  EXPECT_GE(clock.MonotonicNow(), until);
}

TEST(LoopClock, ACancelledSleepEndsAtOnceAndSaysSo) {
  asio::io_context loop;
  LoopClock clock(loop.get_executor());
  asio::cancellation_signal cancel;
  std::optional<bool> result;
  StartSleep(loop, clock, MonotonicTime::max(), cancel, result);
  loop.poll();
  ASSERT_EQ(result, std::nullopt);
  cancel.emit(asio::cancellation_type::terminal);
  loop.run();
  EXPECT_EQ(result, false);
}

TEST(TestClock, StandsStillUntilAdvanced) {
  asio::io_context loop;
  fakes::TestClock clock;
  const absl::Time wall = clock.Now();
  const MonotonicTime start = clock.MonotonicNow();
  clock.Advance(absl::Seconds(90));
  EXPECT_EQ(clock.Now() - wall, absl::Seconds(90));
  EXPECT_EQ(clock.MonotonicNow() - start, std::chrono::seconds(90));
}

TEST(TestClock, WakesSleepersWhoseTimeHasCome) {
  asio::io_context loop;
  fakes::TestClock clock;
  asio::cancellation_signal cancel_one, cancel_other, cancel_past;
  std::optional<bool> one, other, past;
  const MonotonicTime now = clock.MonotonicNow();
  StartSleep(loop, clock, now + std::chrono::seconds(1), cancel_one, one);
  StartSleep(loop, clock, now + std::chrono::seconds(3), cancel_other, other);
  StartSleep(loop, clock, now, cancel_past, past);
  loop.poll();
  EXPECT_EQ(past, true);
  EXPECT_EQ(clock.sleepers(), 2u);
  clock.Advance(absl::Milliseconds(999));
  loop.poll();
  EXPECT_EQ(one, std::nullopt);
  clock.Advance(absl::Milliseconds(1));
  loop.poll();
  EXPECT_EQ(one, true);
  EXPECT_EQ(other, std::nullopt);
  EXPECT_TRUE(clock.AdvanceToNextSleeper());
  loop.poll();
  EXPECT_EQ(other, true);
  EXPECT_EQ(clock.MonotonicNow(), now + std::chrono::seconds(3));
  EXPECT_FALSE(clock.AdvanceToNextSleeper());
}

TEST(TestClock, ACancelledSleepEndsAtOnceAndSaysSo) {
  asio::io_context loop;
  fakes::TestClock clock;
  asio::cancellation_signal cancel;
  std::optional<bool> result;
  StartSleep(loop, clock, clock.MonotonicNow() + std::chrono::hours(1), cancel, result);
  loop.poll();
  cancel.emit(asio::cancellation_type::terminal);
  loop.poll();
  EXPECT_EQ(result, false);
  EXPECT_EQ(clock.sleepers(), 0u);
}

}  // namespace
}  // namespace mutexd::amplitude
