#include "service/telemetry/upstream_telemetry.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace mutexd::telemetry {
namespace {

using amplitude::Operation;
using amplitude::OperationName;

constexpr absl::string_view kOk = "200";

// The HTTP status of a whole reply, or the kind of failure: few enough to be a label whatever
// Amplitude sends.
std::string ResultLabel(const amplitude::FinishedRequest& request) {
  if (request.failure) return std::string(http::HttpFailureKindName(*request.failure));
  const bool is_status = request.http_status >= 100 && request.http_status <= 599;
  return is_status ? absl::StrCat(request.http_status) : "other";
}

prometheus::Labels LabelsOf(Operation operation) {
  return {{"operation", std::string(OperationName(operation))}};
}

}  // namespace

UpstreamTelemetry::UpstreamTelemetry(Metrics& metrics, Log& log, Activity& activity)
    : log_(log),
      activity_(activity),
      finished_(metrics.AddCounter("mutexd_amplitude_requests_total",
                                   "HTTP requests to Amplitude, by operation and result: the "
                                   "status, or the kind of failure.")),
      wrong_kinds_(metrics.AddCounter("mutexd_amplitude_fields_of_wrong_kind_total",
                                      "Fields of Amplitude's replies that were left unset, as "
                                      "their JSON is of a wrong kind.")),
      connections_opened_(metrics
                              .AddCounter("mutexd_amplitude_connections_opened_total",
                                          "Connections opened to Amplitude.")
                              .Add({})),
      bytes_sent_(metrics
                      .AddCounter("mutexd_amplitude_wire_bytes_sent_total",
                                  "Bytes of bodies sent to Amplitude, as they crossed the wire.")
                      .Add({})),
      bytes_received_(
          metrics
              .AddCounter("mutexd_amplitude_wire_bytes_received_total",
                          "Bytes of bodies received from Amplitude, as they crossed the wire.")
              .Add({})) {
  HistogramFamily& duration = metrics.AddHistogram(
      "mutexd_amplitude_request_duration_seconds",
      "How long HTTP requests to Amplitude took, to the last byte of the reply, by operation.");
  GaugeFamily& in_flight = metrics.AddGauge("mutexd_amplitude_requests_in_flight",
                                            "HTTP requests to Amplitude under way, by operation.");
  CounterFamily& sent = metrics.AddCounter("mutexd_amplitude_body_bytes_sent_total",
                                           "Bytes of bodies sent to Amplitude, by operation.");
  CounterFamily& received =
      metrics.AddCounter("mutexd_amplitude_body_bytes_received_total",
                         "Bytes of bodies received from Amplitude, decompressed, by operation.");
  for (const Operation operation : amplitude::kAllOperations) {
    const prometheus::Labels labels = LabelsOf(operation);
    series_[operation] = {&duration.Add(labels, DurationBuckets()), &in_flight.Add(labels),
                          &sent.Add(labels), &received.Add(labels),
                          &FinishedWith(operation, std::string(kOk))};
  }
}

prometheus::Counter& UpstreamTelemetry::FinishedWith(Operation operation,
                                                     const std::string& result) {
  prometheus::Labels labels = LabelsOf(operation);
  labels.emplace("result", result);
  return finished_.Add(labels);
}

void UpstreamTelemetry::OnRequestStarted(const amplitude::Call&, Operation operation) {
  ++activity_.requests_under_way;
  series_[operation].in_flight->Increment();
}

void UpstreamTelemetry::OnRequestFinished(const amplitude::Call& call,
                                          const amplitude::FinishedRequest& request) {
  const Series& series = series_[request.operation];
  series.in_flight->Decrement();
  series.duration->Observe(absl::ToDoubleSeconds(request.duration));
  series.body_bytes_sent->Increment(static_cast<double>(request.body_bytes_sent));
  series.body_bytes_received->Increment(static_cast<double>(request.body_bytes_received));
  const std::string result = ResultLabel(request);
  (result == kOk ? *series.ok : FinishedWith(request.operation, result)).Increment();
  Remember(request, result);

  if (!log_.Writes(LogLevel::kDebug)) return;
  log_.Write(LogLevel::kDebug, "amplitude request",
             {{"rpc_id", call.rpc_id},
              {"operation", OperationName(request.operation)},
              {"result", result},
              {"duration_ms", absl::ToDoubleMilliseconds(request.duration)},
              {"bytes_sent", request.body_bytes_sent},
              {"bytes_received", request.body_bytes_received}});
}

// What callers did wrong, such as asking for a group that is not there, says nothing of Amplitude.
void UpstreamTelemetry::Remember(const amplitude::FinishedRequest& request,
                                 const std::string& result) {
  --activity_.requests_under_way;
  const int status = request.http_status;
  if (!request.failure && status >= 200 && status <= 299) {
    activity_.last_success = absl::Now();
  } else if (request.failure != http::HttpFailureKind::kCancelled &&
             (request.failure || status == 401 || status == 403 || status == 429 ||
              status >= 500)) {
    activity_.last_failure = absl::Now();
    activity_.last_failure_kind = absl::StrCat(OperationName(request.operation), ": ", result);
  }
}

void UpstreamTelemetry::OnFieldsOfWrongKind(Operation operation, absl::string_view field,
                                            int times) {
  prometheus::Labels labels = LabelsOf(operation);
  labels.emplace("field", std::string(field));
  wrong_kinds_.Add(labels).Increment(times);
}

void UpstreamTelemetry::OnTransferEnd(const http::HttpTransferStats& stats) {
  connections_opened_.Increment(stats.connections_opened);
  bytes_sent_.Increment(static_cast<double>(stats.bytes_sent));
  bytes_received_.Increment(static_cast<double>(stats.bytes_received));
}

}  // namespace mutexd::telemetry
