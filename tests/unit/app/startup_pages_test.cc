#include "service/app/startup_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace mutexd::app {
namespace {

// Kilobytes of files that are in memory for this process.
int ResidentFileKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!absl::StartsWith(line, "RssFile:")) continue;
    for (const absl::string_view word : absl::StrSplit(line, absl::ByAnyChar(" \t"))) {
      int kilobytes = 0;
      if (absl::SimpleAtoi(word, &kilobytes)) return kilobytes;
    }
  }
  return 0;
}

TEST(StartupPages, AreGivenBackAndComeBackWhenTheyAreNeeded) {
  const int before = ResidentFileKilobytes();
  ReleaseStartupPages();
  const int after = ResidentFileKilobytes();
  EXPECT_LT(after, before / 2) << "of " << before << " kB";
  // Code and constants of libraries still work.
  EXPECT_EQ(std::to_string(after), absl::StrCat(after));
}

}  // namespace
}  // namespace mutexd::app
