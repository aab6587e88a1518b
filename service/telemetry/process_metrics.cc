#include "service/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"

namespace mutexd::telemetry {
namespace {

// Field `number` of /proc/self/stat, from 1, as proc(5) counts; from 4 on, after the program's
// name, which may itself have spaces.
std::optional<double> StatField(int number) {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t after_name = text.rfind(')');
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(after_name + 1));
  std::string state;
  rest >> state;  // field 3
  double value = 0;
  for (int field = 4; field <= number; ++field) {
    if (!(rest >> value)) return std::nullopt;
  }
  return value;
}

// Seconds since 1970 at which the machine started.
std::optional<double> BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, "btime ")) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

std::optional<double> OpenDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator folder("/proc/self/fd", error);
  if (error) return std::nullopt;
  return static_cast<double>(std::distance(begin(folder), end(folder))) - 1;  // the folder's own
}

}  // namespace

prometheus::MetricFamily SingleMetric(std::string name, std::string help,
                                      prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {std::move(name), std::move(help), type, {std::move(metric)}};
}

std::vector<prometheus::MetricFamily> CollectProcessMetrics() {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&](const char* name, const char* help, MetricType type,
                       std::optional<double> value) {
    if (value) families.push_back(SingleMetric(name, help, type, *value));
  };
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const std::optional<double> boot = BootTime();
  if (const auto started = StatField(22); started && boot) {
    add("process_start_time_seconds", "When the process started, in seconds since 1970.",
        MetricType::Gauge, *boot + *started / ticks);
  }
  const auto user = StatField(14);
  const auto system = StatField(15);
  if (user && system) {
    add("process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
        MetricType::Counter, (*user + *system) / ticks);
  }
  if (const auto pages = StatField(24)) {
    add("process_resident_memory_bytes", "Resident memory, in bytes.", MetricType::Gauge,
        *pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  add("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenDescriptors());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add("process_max_fds", "The most file descriptors that may be open.", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
  }
  return families;
}

}  // namespace mutexd::telemetry
