#include "service/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace mutexd::telemetry {
namespace {

using ::testing::HasSubstr;

// The value of a sample without labels.
double Sample(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  if (at == std::string::npos) {
    ADD_FAILURE() << "no " << name << " in\n" << text;
    return 0;
  }
  return std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

TEST(Metrics, AsksForCountersKeptElsewhereAtEveryExposition) {
  Metrics metrics;
  double value = 1;
  metrics.AddCounterFrom("kept_elsewhere_total", "Help.", [&] { return value; });
  EXPECT_THAT(metrics.Expose(), HasSubstr("# TYPE kept_elsewhere_total counter\n"
                                          "kept_elsewhere_total 1\n"));
  value = 5;
  EXPECT_THAT(metrics.Expose(), HasSubstr("\nkept_elsewhere_total 5\n"));
}

TEST(Metrics, HaveHelpAndType) {
  Metrics metrics;
  metrics.AddGauge("some_gauge", "What it is.").Add({{"label", "a\"b\\c\nd"}}).Set(2);
  EXPECT_THAT(metrics.Expose(), HasSubstr("# HELP some_gauge What it is.\n"
                                          "# TYPE some_gauge gauge\n"
                                          "some_gauge{label=\"a\\\"b\\\\c\\nd\"} 2\n"));
}

TEST(ProcessMetrics, TellOfThisProcess) {
  const std::string text = Metrics().Expose();
  const double started = Sample(text, "process_start_time_seconds");
  const double now = static_cast<double>(std::time(nullptr));
  EXPECT_LE(started, now + 1);
  EXPECT_GT(started, now - 24 * 3600);
  EXPECT_GE(Sample(text, "process_cpu_seconds_total"), 0);
  EXPECT_GT(Sample(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GE(Sample(text, "process_max_fds"), Sample(text, "process_open_fds"));
}

TEST(ProcessMetrics, CountOpenDescriptors) {
  const double before = Sample(Metrics().Expose(), "process_open_fds");
  const int copy = dup(0);
  ASSERT_GE(copy, 0);
  EXPECT_EQ(Sample(Metrics().Expose(), "process_open_fds"), before + 1);
  close(copy);
}

}  // namespace
}  // namespace mutexd::telemetry
