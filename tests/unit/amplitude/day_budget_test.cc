#include "service/amplitude/day_budget.h"

#include <gtest/gtest.h>

#include "service/amplitude/quota_options.h"

namespace mutexd::amplitude {
namespace {

constexpr UtcDay kDay = 19675;  // 2023-11-14

absl::Time At(UtcDay day, absl::Duration since_midnight) { return StartOf(day) + since_midnight; }

TEST(UtcDays, EndAtMidnight) {
  EXPECT_EQ(UtcDayOf(absl::UnixEpoch()), 0);
  EXPECT_EQ(UtcDayOf(absl::UnixEpoch() - absl::Nanoseconds(1)), -1);
  EXPECT_EQ(UtcDayOf(At(kDay, absl::Hours(24) - absl::Nanoseconds(1))), kDay);
  EXPECT_EQ(UtcDayOf(At(kDay, absl::Hours(24))), kDay + 1);
  EXPECT_EQ(StartOf(kDay), absl::FromCivil(absl::CivilDay(2023, 11, 14), absl::UTCTimeZone()));
}

TEST(CalendarDays, FollowTheClockForward) {
  CalendarDay calendar;
  EXPECT_EQ(calendar.At(At(kDay, absl::Hours(1))), kDay);
  EXPECT_EQ(calendar.At(At(kDay + 1, absl::Hours(1))), kDay + 1);
  EXPECT_EQ(calendar.At(At(kDay + 9, absl::Hours(1))), kDay + 9);
}

TEST(CalendarDays, StayWhenTheClockGoesBackOverMidnight) {
  CalendarDay calendar;
  calendar.At(At(kDay + 1, absl::Seconds(1)));
  EXPECT_EQ(calendar.At(At(kDay, absl::Hours(23))), kDay + 1);
  EXPECT_EQ(calendar.At(At(kDay + 1, absl::Seconds(1))), kDay + 1);
}

TEST(CalendarDays, DoNotStickToADateThatWasWrong) {
  CalendarDay calendar;
  calendar.At(At(kDay + 20000, absl::Hours(1)));
  EXPECT_EQ(calendar.At(At(kDay, absl::Hours(1))), kDay);
}

class DayBudgetTest : public ::testing::Test {
 protected:
  DayBudgetTest() { budget.Begin(kDay); }

  void Make(int requests) {
    for (int i = 0; i < requests; ++i) budget.Count();
  }

  DayBudget budget{100, 10};
};

TEST_F(DayBudgetTest, KeepsTheLastForWrites) {
  Make(89);
  EXPECT_TRUE(budget.AllowsRead());
  Make(1);
  EXPECT_EQ(budget.left(), 10);
  EXPECT_FALSE(budget.AllowsRead());
  EXPECT_TRUE(budget.AllowsWrite(10));
  EXPECT_FALSE(budget.AllowsWrite(11));
}

TEST_F(DayBudgetTest, WhatIsPutAsideIsNotLeftForOthers) {
  Make(95);
  budget.PutAside(3);
  EXPECT_EQ(budget.left(), 2);
  EXPECT_FALSE(budget.AllowsWrite(3));
  EXPECT_TRUE(budget.AllowsReserved());
  budget.GiveBack(3);
  EXPECT_TRUE(budget.AllowsWrite(3));
}

TEST_F(DayBudgetTest, BeginsAnewTheNextDayButForWhatIsPutAside) {
  Make(100);
  EXPECT_EQ(budget.left(), 0);
  budget.PutAside(2);
  budget.Begin(kDay + 1);
  EXPECT_EQ(budget.made(), 0);
  EXPECT_EQ(budget.left(), 98);
}

TEST_F(DayBudgetTest, AnEarlierDayKeepsTheCount) {
  Make(60);
  budget.Begin(kDay - 5);
  EXPECT_EQ(budget.made(), 60);
  budget.Begin(kDay - 4);
  EXPECT_EQ(budget.made(), 0);
}

TEST_F(DayBudgetTest, IsSpentWhenAmplitudeSaysSo) {
  budget.PutAside(3);
  budget.Spend();
  EXPECT_EQ(budget.left(), 0);
  EXPECT_FALSE(budget.AllowsReserved());
  EXPECT_FALSE(budget.AllowsWrite(1));
}

TEST_F(DayBudgetTest, KeepsACountAboveTheLimit) {
  budget.Restore(250);
  EXPECT_EQ(budget.made(), 250);
  EXPECT_EQ(budget.left(), 0);
  budget.Spend();
  EXPECT_EQ(budget.made(), 250);
}

TEST(QuotaOptionsTest, TellHowManyRequestsAreKeptForWrites) {
  const auto kept = [](std::int64_t per_day, double reserve) {
    return QuotaOptions{.per_day = per_day, .write_reserve = reserve}.KeptForWrites();
  };
  EXPECT_EQ(kept(100'000, 0.1), 10'000);
  EXPECT_EQ(kept(100, 0.29), 29);
  EXPECT_EQ(kept(5, 0.1), 0);
  EXPECT_EQ(kept(1'000'000'000, 0), 0);
}

}  // namespace
}  // namespace mutexd::amplitude
