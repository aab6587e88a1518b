#include "service/telemetry/policy_telemetry.h"

#include <string>
#include <utility>

namespace mutexd::telemetry {
namespace {

using amplitude::Budget;
using amplitude::CircuitState;
using amplitude::Operation;
using amplitude::RetryEnd;

prometheus::Labels OperationLabel(Operation operation) {
  return {{"operation", std::string(amplitude::OperationName(operation))}};
}

const std::pair<RetryEnd, const char*> kRetryEnds[] = {{RetryEnd::kAttempts, "attempts"},
                                                       {RetryEnd::kDeadline, "deadline"},
                                                       {RetryEnd::kBudget, "budget"}};

const std::pair<CircuitState, const char*> kCircuitStates[] = {
    {CircuitState::kClosed, "closed"},
    {CircuitState::kHalfOpen, "half_open"},
    {CircuitState::kOpen, "open"}};

const std::pair<Budget, const char*> kBudgets[] = {{Budget::kSecond, "second"},
                                                   {Budget::kDay, "day"}};

}  // namespace

PolicyTelemetry::PolicyTelemetry(Metrics& metrics, Log& log, Activity& activity)
    : log_(log),
      activity_(activity),
      circuit_opened_(metrics
                          .AddCounter("mutexd_circuit_opened_total",
                                      "How often the circuit to Amplitude opened.")
                          .Add({})),
      cache_bytes_(
          metrics.AddGauge("mutexd_cache_bytes", "Memory that the cache of reads holds.").Add({})),
      cache_entries_(
          metrics
              .AddGauge("mutexd_cache_entries", "Groups and pages that the cache of reads holds.")
              .Add({})),
      quota_wait_(metrics
                      .AddHistogram("mutexd_quota_wait_duration_seconds",
                                    "How long requests to Amplitude waited for their turn under "
                                    "the limit of a second; those that did not wait are not here.")
                      .Add({}, DurationBuckets())),
      quota_queue_(metrics
                       .AddGauge("mutexd_quota_waiting",
                                 "Requests to Amplitude that wait for their turn now.")
                       .Add({})) {
  CounterFamily& lookups = metrics.AddCounter(
      "mutexd_cache_lookups_total",
      "Reads whose caller allows an older answer, by operation, and whether the cache had one.");
  CounterFamily& joined = metrics.AddCounter(
      "mutexd_coalesced_reads_total", "Reads that joined an equal one under way, by operation.");
  CounterFamily& retries = metrics.AddCounter("mutexd_amplitude_retries_total",
                                              "Requests to Amplitude made again, by operation.");
  CounterFamily& refused =
      metrics.AddCounter("mutexd_circuit_refused_total",
                         "Requests refused as the circuit to Amplitude is open, by operation.");
  for (const Operation operation : amplitude::kAllOperations) {
    prometheus::Labels labels = OperationLabel(operation);
    Series& series = series_[operation];
    series.retries = &retries.Add(labels);
    series.circuit_refused = &refused.Add(labels);
    if (amplitude::IsWrite(operation)) continue;
    series.joined = &joined.Add(labels);
    labels["result"] = "hit";
    series.cache_hits = &lookups.Add(labels);
    labels["result"] = "miss";
    series.cache_misses = &lookups.Add(labels);
  }

  CounterFamily& ended = metrics.AddCounter(
      "mutexd_amplitude_retries_ended_total",
      "Requests to Amplitude not made again although their failure might pass, by the rule that "
      "ended it.");
  for (const auto& [why, name] : kRetryEnds) retries_ended_[why] = &ended.Add({{"rule", name}});

  GaugeFamily& state = metrics.AddGauge("mutexd_circuit_state",
                                        "1 for the state that the circuit to Amplitude is in.");
  for (const auto& [one, name] : kCircuitStates)
    circuit_state_[one] = &state.Add({{"state", name}});
  circuit_state_[CircuitState::kClosed]->Set(1);

  GaugeFamily& left =
      metrics.AddGauge("mutexd_quota_remaining",
                       "Requests to Amplitude left with the service's own key, by budget.");
  CounterFamily& quota_refused = metrics.AddCounter(
      "mutexd_quota_refused_total", "Requests to Amplitude refused for lack of quota, by budget.");
  for (const auto& [budget, name] : kBudgets) {
    quota_left_[budget] = &left.Add({{"budget", name}});
    quota_refused_[budget] = &quota_refused.Add({{"budget", name}});
  }
}

void PolicyTelemetry::OnCacheLookup(Operation operation, bool hit) {
  const Series& series = series_[operation];
  (hit ? series.cache_hits : series.cache_misses)->Increment();
  ++(hit ? activity_.cache_hits : activity_.cache_misses);
}

void PolicyTelemetry::OnCacheSize(std::size_t bytes, std::size_t entries) {
  cache_bytes_.Set(static_cast<double>(bytes));
  cache_entries_.Set(static_cast<double>(entries));
  activity_.cache_bytes = bytes;
  activity_.cache_entries = entries;
}

void PolicyTelemetry::OnJoined(Operation operation) { series_[operation].joined->Increment(); }

void PolicyTelemetry::OnRetry(Operation operation, absl::Duration /*wait*/) {
  series_[operation].retries->Increment();
}

void PolicyTelemetry::OnRetriesEnded(Operation /*operation*/, RetryEnd why) {
  retries_ended_[why]->Increment();
}

void PolicyTelemetry::OnCircuitChange(CircuitState state, absl::Duration wait) {
  for (const auto& [one, gauge] : circuit_state_) gauge->Set(one == state ? 1 : 0);
  activity_.circuit = state;
  switch (state) {
    case CircuitState::kOpen:
      circuit_opened_.Increment();
      log_.Write(LogLevel::kWarning, "amplitude is down",
                 {{"next_probe_ms", absl::ToInt64Milliseconds(wait)}});
      return;
    case CircuitState::kClosed:
      log_.Write(LogLevel::kInfo, "amplitude is back", {});
      return;
    case CircuitState::kHalfOpen:
      return;
  }
}

void PolicyTelemetry::OnCircuitRefused(Operation operation) {
  series_[operation].circuit_refused->Increment();
}

void PolicyTelemetry::OnQuotaLeft(Budget budget, double requests) {
  quota_left_[budget]->Set(requests);
}

void PolicyTelemetry::OnQuotaRefused(Budget budget) { quota_refused_[budget]->Increment(); }

void PolicyTelemetry::OnQuotaWaited(absl::Duration wait) {
  quota_wait_.Observe(absl::ToDoubleSeconds(wait));
}

void PolicyTelemetry::OnQuotaQueue(std::size_t waiting) {
  quota_queue_.Set(static_cast<double>(waiting));
  activity_.quota_waiting = waiting;
}

}  // namespace mutexd::telemetry
