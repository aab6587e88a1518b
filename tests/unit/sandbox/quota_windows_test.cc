#include "service/sandbox/quota_windows.h"

#include <gtest/gtest.h>

#include "absl/time/civil_time.h"

namespace mutexd::sandbox {
namespace {

using Verdict = QuotaWindows::Verdict;

class QuotaWindowsTest : public testing::Test {
 protected:
  QuotaWindows Windows(QuotaLimits limits) {
    return QuotaWindows(limits, [this] { return now_; });
  }

  absl::Time now_ = absl::FromCivil(absl::CivilSecond(2025, 6, 1, 12, 0, 0), absl::UTCTimeZone());
};

TEST_F(QuotaWindowsTest, AdmitsSoManyInASecond) {
  QuotaWindows windows = Windows({.per_second = 2, .per_day = 100});
  EXPECT_EQ(windows.Admit("k"), Verdict::kAdmitted);
  now_ += absl::Milliseconds(900);
  EXPECT_EQ(windows.Admit("k"), Verdict::kAdmitted);
  EXPECT_EQ(windows.Admit("k"), Verdict::kSecondSpent);
  now_ += absl::Milliseconds(100);
  EXPECT_EQ(windows.Admit("k"), Verdict::kAdmitted);
}

TEST_F(QuotaWindowsTest, AdmitsSoManyInADayOfUtc) {
  QuotaWindows windows = Windows({.per_second = 0, .per_day = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(windows.Admit("k"), Verdict::kAdmitted);
  EXPECT_EQ(windows.Admit("k"), Verdict::kDaySpent);
  now_ = absl::FromCivil(absl::CivilSecond(2025, 6, 1, 23, 59, 59), absl::UTCTimeZone());
  EXPECT_EQ(windows.Admit("k"), Verdict::kDaySpent);
  now_ += absl::Seconds(1);
  EXPECT_EQ(windows.Admit("k"), Verdict::kAdmitted);
}

TEST_F(QuotaWindowsTest, DoesNotCountWhatItRefuses) {
  QuotaWindows windows = Windows({.per_second = 1, .per_day = 2});
  EXPECT_EQ(windows.Admit("k"), Verdict::kAdmitted);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(windows.Admit("k"), Verdict::kSecondSpent);
  now_ += absl::Seconds(1);
  EXPECT_EQ(windows.Admit("k"), Verdict::kAdmitted);
  now_ += absl::Seconds(1);
  EXPECT_EQ(windows.Admit("k"), Verdict::kDaySpent);
}

TEST_F(QuotaWindowsTest, CountsEachKeyForItself) {
  QuotaWindows windows = Windows({.per_second = 1, .per_day = 1});
  EXPECT_EQ(windows.Admit("a"), Verdict::kAdmitted);
  EXPECT_EQ(windows.Admit("b"), Verdict::kAdmitted);
  EXPECT_EQ(windows.Admit("a"), Verdict::kDaySpent);
}

TEST_F(QuotaWindowsTest, HasNoLimitAtZero) {
  QuotaWindows windows = Windows({.per_second = 0, .per_day = 0});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(windows.Admit("k"), Verdict::kAdmitted);
}

TEST_F(QuotaWindowsTest, HasTheDocumentedLimitsByDefault) {
  EXPECT_EQ(QuotaLimits().per_second, 100);
  EXPECT_EQ(QuotaLimits().per_day, 100'000);
}

}  // namespace
}  // namespace mutexd::sandbox
