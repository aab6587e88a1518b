#include "service/sandbox/faults.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace mutexd::sandbox {
namespace {

// "." for a request that goes through, "x" for one that fails.
std::string Pattern(double rate, int requests) {
  Faults faults({.latency = absl::ZeroDuration(), .fail_rate = rate});
  std::string pattern;
  for (int i = 0; i < requests; ++i) pattern.push_back(faults.NextFails() ? 'x' : '.');
  return pattern;
}

TEST(Faults, SpreadFailuresEvenly) {
  EXPECT_EQ(Pattern(0, 6), "......");
  EXPECT_EQ(Pattern(0.25, 8), "...x...x");
  EXPECT_EQ(Pattern(0.1, 20), ".........x.........x");
  EXPECT_EQ(Pattern(1, 4), "xxxx");
}

TEST(Faults, StopEndsTheWait) {
  Faults faults({.latency = absl::Hours(1), .fail_rate = 0});
  std::thread waiting([&] { faults.Delay(); });
  faults.Stop();
  waiting.join();  // would take an hour otherwise
  faults.Delay();
}

}  // namespace
}  // namespace mutexd::sandbox
