// All of the service's metrics, as Prometheus reads them.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace mutexd::telemetry {

using CounterFamily = prometheus::Family<prometheus::Counter>;
using GaugeFamily = prometheus::Family<prometheus::Gauge>;
using HistogramFamily = prometheus::Family<prometheus::Histogram>;

// Seconds: from a cached answer to the longest ordinary deadline.
const prometheus::Histogram::BucketBoundaries& DurationBuckets();

// Any thread.
class Metrics {
 public:
  // Names follow Prometheus' conventions; families live as long as the metrics.
  CounterFamily& AddCounter(absl::string_view name, absl::string_view help);
  GaugeFamily& AddGauge(absl::string_view name, absl::string_view help);
  HistogramFamily& AddHistogram(absl::string_view name, absl::string_view help);

  // A counter or a gauge whose value is kept elsewhere and asked for at every Expose.
  void AddCounterFrom(absl::string_view name, absl::string_view help, std::function<double()> read);
  void AddGaugeFrom(absl::string_view name, absl::string_view help, std::function<double()> read);

  // In Prometheus' text format, with the process' own metrics.
  std::string Expose() const;

 private:
  struct ReadValue {
    prometheus::MetricType type;
    std::string name;
    std::string help;
    std::function<double()> read;
  };

  prometheus::Registry registry_;
  std::vector<ReadValue> read_values_;  // complete before the first Expose
};

}  // namespace mutexd::telemetry
