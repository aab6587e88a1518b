#include "service/rpc/deadline_budget.h"

#include <gtest/gtest.h>

namespace mutexd::rpc {
namespace {

TEST(DeadlineBudget, WorkEndsATenthEarly) {
  EXPECT_EQ(WorkTime(absl::Seconds(1)), absl::Milliseconds(900));
  EXPECT_EQ(WorkTime(absl::Milliseconds(500)), absl::Milliseconds(450));
}

TEST(DeadlineBudget, AtLeastTwentyMillisecondsEarly) {
  EXPECT_EQ(WorkTime(absl::Milliseconds(200)), absl::Milliseconds(180));
  EXPECT_EQ(WorkTime(absl::Milliseconds(100)), absl::Milliseconds(80));
  EXPECT_EQ(WorkTime(absl::Milliseconds(21)), absl::Milliseconds(1));
}

TEST(DeadlineBudget, AtMostTwoHundredMillisecondsEarly) {
  EXPECT_EQ(WorkTime(absl::Seconds(2)), absl::Milliseconds(1800));
  EXPECT_EQ(WorkTime(absl::Seconds(20)), absl::Milliseconds(19800));
}

TEST(DeadlineBudget, IsNeverNegative) {
  EXPECT_EQ(WorkTime(absl::Milliseconds(20)), absl::ZeroDuration());
  EXPECT_EQ(WorkTime(absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(WorkTime(-absl::Seconds(5)), absl::ZeroDuration());
}

}  // namespace
}  // namespace mutexd::rpc
