// What Prometheus expects every process to tell of itself, read from /proc.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace mutexd::telemetry {

// Start time, CPU time, memory and file descriptors under their customary names. Those that cannot
// be read are left out.
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

// A family of one counter or gauge without labels.
prometheus::MetricFamily SingleMetric(std::string name, std::string help,
                                      prometheus::MetricType type, double value);

}  // namespace mutexd::telemetry
