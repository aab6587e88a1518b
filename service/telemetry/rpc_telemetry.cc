#include "service/telemetry/rpc_telemetry.h"

#include "absl/time/clock.h"
#include "service/amplitude/error.h"

namespace mutexd::telemetry {
namespace {

constexpr int kStatusCodes = 17;  // gRPC's, from OK to UNAUTHENTICATED

// What an operator should look at stands out from what a caller did wrong.
LogLevel LevelOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      return LogLevel::kError;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
      return LogLevel::kWarning;
    default:
      return LogLevel::kInfo;
  }
}

// Empty where it has none.
std::string ReasonText(const absl::Status& status) {
  const auto reason = amplitude::ReasonOf(status);
  if (reason == amplitude::v1::ERROR_REASON_UNSPECIFIED) return "";
  return std::string(amplitude::ReasonName(reason));
}

}  // namespace

RpcTelemetry::RpcTelemetry(Metrics& metrics, Log& log, Activity& activity,
                           const std::vector<std::string>& methods)
    : log_(log), activity_(activity) {
  CounterFamily& finished =
      metrics.AddCounter("mutexd_rpc_requests_total", "RPCs finished, by method and status code.");
  HistogramFamily& duration =
      metrics.AddHistogram("mutexd_rpc_duration_seconds", "How long RPCs took, by method.");
  GaugeFamily& in_flight = metrics.AddGauge("mutexd_rpc_in_flight", "RPCs under way, by method.");
  for (const std::string& method : methods) {
    Series& series = series_[method];
    for (int code = 0; code < kStatusCodes; ++code) {
      const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
      series.finished.push_back(&finished.Add({{"method", method}, {"code", name}}));
    }
    series.duration = &duration.Add({{"method", method}}, DurationBuckets());
    series.in_flight = &in_flight.Add({{"method", method}});
  }
}

void RpcTelemetry::OnRpcStarted(absl::string_view method) {
  ++activity_.calls_under_way;
  if (Series* series = FindSeries(method)) series->in_flight->Increment();
}

void RpcTelemetry::OnRpcFinished(const rpc::RpcReport& report) {
  if (Series* series = FindSeries(report.method)) {
    series->in_flight->Decrement();
    series->duration->Observe(absl::ToDoubleSeconds(report.duration));
    // code() folds what is no code of gRPC into UNKNOWN.
    series->finished[static_cast<std::size_t>(report.status.code())]->Increment();
  }
  --activity_.calls_under_way;
  ++activity_.calls_finished;
  if (report.attempts_write) {
    activity_.AddWrite({absl::Now(), report.rpc_id, report.caller, std::string(report.method),
                        report.mutex_group_id, absl::StatusCodeToString(report.status.code()),
                        ReasonText(report.status)});
  }
  if (log_.Writes(LevelOf(report.status.code()))) WriteLine(report);
}

RpcTelemetry::Series* RpcTelemetry::FindSeries(absl::string_view method) {
  const auto found = series_.find(method);
  return found == series_.end() ? nullptr : &found->second;
}

void RpcTelemetry::WriteLine(const rpc::RpcReport& report) {
  LogFields fields = {{"rpc_id", report.rpc_id},
                      {"method", report.method},
                      {"code", absl::StatusCodeToString(report.status.code())},
                      {"duration_ms", absl::ToDoubleMilliseconds(report.duration)},
                      {"peer", report.peer},
                      {"request_bytes", report.request_bytes},
                      {"response_bytes", report.response_bytes}};
  if (!report.caller.empty()) fields.emplace_back("caller", report.caller);
  if (!report.trace_id.empty()) {
    fields.emplace_back("trace_id", report.trace_id);
    fields.emplace_back("span_id", report.span_id);
  }
  if (!report.mutex_group_id.empty()) fields.emplace_back("mutex_group_id", report.mutex_group_id);
  if (!report.user_agent.empty()) fields.emplace_back("user_agent", report.user_agent);
  if (report.http_status != 0) fields.emplace_back("http_status", report.http_status);
  if (report.write_sent) fields.emplace_back("write_sent", true);
  if (!report.status.ok()) {
    const std::string reason = ReasonText(report.status);
    if (!reason.empty()) fields.emplace_back("reason", reason);
    fields.emplace_back("error", report.status.message());
  }
  log_.Write(LevelOf(report.status.code()), "rpc", fields);
}

}  // namespace mutexd::telemetry
