#include "service/telemetry/metrics.h"

#include <prometheus/text_serializer.h>

#include <sstream>

#include "service/telemetry/process_metrics.h"

namespace mutexd::telemetry {

const prometheus::Histogram::BucketBoundaries& DurationBuckets() {
  static const auto* const buckets = new prometheus::Histogram::BucketBoundaries{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60};
  return *buckets;
}

CounterFamily& Metrics::AddCounter(absl::string_view name, absl::string_view help) {
  return prometheus::BuildCounter()
      .Name(std::string(name))
      .Help(std::string(help))
      .Register(registry_);
}

GaugeFamily& Metrics::AddGauge(absl::string_view name, absl::string_view help) {
  return prometheus::BuildGauge()
      .Name(std::string(name))
      .Help(std::string(help))
      .Register(registry_);
}

HistogramFamily& Metrics::AddHistogram(absl::string_view name, absl::string_view help) {
  return prometheus::BuildHistogram()
      .Name(std::string(name))
      .Help(std::string(help))
      .Register(registry_);
}

void Metrics::AddCounterFrom(absl::string_view name, absl::string_view help,
                             std::function<double()> read) {
  read_values_.push_back(
      {prometheus::MetricType::Counter, std::string(name), std::string(help), std::move(read)});
}

void Metrics::AddGaugeFrom(absl::string_view name, absl::string_view help,
                           std::function<double()> read) {
  read_values_.push_back(
      {prometheus::MetricType::Gauge, std::string(name), std::string(help), std::move(read)});
}

std::string Metrics::Expose() const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  for (const ReadValue& value : read_values_) {
    families.push_back(SingleMetric(value.name, value.help, value.type, value.read()));
  }
  for (prometheus::MetricFamily& family : CollectProcessMetrics()) {
    families.push_back(std::move(family));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace mutexd::telemetry
