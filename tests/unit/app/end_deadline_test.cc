#include "service/app/end_deadline.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace mutexd::app {
namespace {

TEST(EndDeadlineDeathTest, EndsAProcessThatDoesNotEnd) {
  const auto hang = [] {
    EndProcessAfter(absl::Milliseconds(50), "it did not end\n");
    while (true) pause();
  };
  EXPECT_EXIT(hang(), testing::ExitedWithCode(1), "^it did not end\n$");
}

TEST(EndDeadlineDeathTest, DoesNotWaitForAReaderOfStderr) {
  const auto hang = [] {
    int unread[2];
    if (pipe(unread) != 0) std::abort();
    dup2(unread[1], STDERR_FILENO);
    EndProcessAfter(absl::Milliseconds(50), std::string(1 << 20, 'x'));
    while (true) pause();
  };
  EXPECT_EXIT(hang(), testing::ExitedWithCode(1), "");
}

TEST(EndDeadlineDeathTest, LeavesAnEndInTimeAlone) {
  const auto end = [] {
    EndProcessAfter(absl::Hours(1), "it did not end\n");
    std::exit(0);
  };
  EXPECT_EXIT(end(), testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace mutexd::app
