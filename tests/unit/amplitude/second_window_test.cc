#include "service/amplitude/second_window.h"

#include <gtest/gtest.h>

namespace mutexd::amplitude {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart(std::chrono::hours(1));

// A window at a moment.
SecondWindow WindowOf(int per_second) {
  SecondWindow window(per_second);
  window.Advance(kStart);
  return window;
}

TEST(SecondWindow, APermitIsFreeASecondAfterItsRequestsEnd) {
  SecondWindow window = WindowOf(1);
  const auto permit = window.Take(kStart);
  EXPECT_EQ(window.free(), 0);
  window.Advance(kStart + milliseconds(300));
  window.End(permit, kStart + milliseconds(300));
  EXPECT_EQ(window.WhenFree(0, kStart + milliseconds(300)), kStart + milliseconds(1300));
  window.Advance(kStart + milliseconds(1299));
  EXPECT_EQ(window.free(), 0);
  window.Advance(kStart + milliseconds(1300));
  EXPECT_EQ(window.free(), 1);
  EXPECT_TRUE(window.idle());
}

TEST(SecondWindow, ARequestThatHangsHoldsItsPermitForTwoSeconds) {
  SecondWindow window = WindowOf(1);
  const auto permit = window.Take(kStart);
  EXPECT_EQ(window.WhenFree(0, kStart), kStart + seconds(2));
  window.Advance(kStart + milliseconds(1999));
  EXPECT_EQ(window.free(), 0);
  window.Advance(kStart + seconds(2));
  EXPECT_EQ(window.free(), 1);
  window.End(permit, kStart + seconds(2));
  window.Advance(kStart + seconds(10));
  EXPECT_EQ(window.free(), 1) << "given back once";
}

TEST(SecondWindow, AnEndAfterASecondDoesNotHoldThePermitLonger) {
  SecondWindow window = WindowOf(1);
  const auto permit = window.Take(kStart);
  window.Advance(kStart + milliseconds(1500));
  window.End(permit, kStart + milliseconds(1500));
  EXPECT_EQ(window.WhenFree(0, kStart + milliseconds(1500)), kStart + seconds(2));
}

TEST(SecondWindow, TimesAreRoundedUp) {
  SecondWindow window = WindowOf(1);
  const MonotonicTime start = kStart + microseconds(300);
  const auto permit = window.Take(start);
  window.End(permit, start + microseconds(100));
  EXPECT_EQ(window.WhenFree(0, start), kStart + milliseconds(1001));
}

TEST(SecondWindow, TellsWhenEachPermitComes) {
  SecondWindow window = WindowOf(4);
  const auto first = window.Take(kStart);
  window.Take(kStart);
  window.Advance(kStart + milliseconds(100));
  const auto third = window.Take(kStart + milliseconds(100));
  window.End(third, kStart + milliseconds(100));
  window.Advance(kStart + milliseconds(200));
  window.End(first, kStart + milliseconds(200));
  const MonotonicTime now = kStart + milliseconds(200);
  EXPECT_EQ(window.WhenFree(0, now), now);
  EXPECT_EQ(window.WhenFree(1, now), kStart + milliseconds(1100));
  EXPECT_EQ(window.WhenFree(2, now), kStart + milliseconds(1200));
  EXPECT_EQ(window.WhenFree(3, now), kStart + seconds(2));
}

TEST(SecondWindow, IsWholeAgainAfterALongTime) {
  SecondWindow window = WindowOf(3);
  for (int i = 0; i < 3; ++i) window.Take(kStart);
  window.Advance(kStart + std::chrono::hours(5));
  EXPECT_EQ(window.free(), 3);
  EXPECT_TRUE(window.idle());
  for (int i = 0; i < 3; ++i) window.Take(kStart + std::chrono::hours(5));
  EXPECT_EQ(window.WhenFree(0, kStart + std::chrono::hours(5)),
            kStart + std::chrono::hours(5) + seconds(2));
}

TEST(SecondWindow, GoesOnAfterReturningItsMemory) {
  SecondWindow window = WindowOf(2);
  const auto permit = window.Take(kStart);
  window.Shrink();  // not while one is taken
  window.End(permit, kStart);
  window.Advance(kStart + seconds(1));
  window.Shrink();
  window.Advance(kStart + seconds(2));
  window.Take(kStart + seconds(2));
  EXPECT_EQ(window.free(), 1);
}

// With a limit of a million, a million requests in a second of virtual time.
TEST(SecondWindow, CostsTheSameWhateverTheLimit) {
  SecondWindow window = WindowOf(1'000'000);
  int made = 0;
  for (MonotonicTime now = kStart; now < kStart + seconds(1); now += milliseconds(1)) {
    window.Advance(now);
    for (int i = 0; i < 1'000 && window.free() > 0; ++i, ++made) window.End(window.Take(now), now);
  }
  EXPECT_EQ(made, 1'000'000);
  EXPECT_EQ(window.free(), 0);
}

}  // namespace
}  // namespace mutexd::amplitude
