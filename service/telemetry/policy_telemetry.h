// Counts what the policies towards Amplitude do: retries, circuit, cache, quota.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <cstddef>
#include <map>

#include "absl/time/time.h"
#include "service/amplitude/policy_observer.h"
#include "service/telemetry/activity.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"

namespace mutexd::telemetry {

class PolicyTelemetry final : public amplitude::PolicyObserver {
 public:
  // All series are there with zero from the start. All references must outlive it.
  PolicyTelemetry(Metrics& metrics, Log& log, Activity& activity);

  void OnCacheLookup(amplitude::Operation operation, bool hit) override;
  void OnCacheSize(std::size_t bytes, std::size_t entries) override;
  void OnJoined(amplitude::Operation operation) override;
  void OnRetry(amplitude::Operation operation, absl::Duration wait) override;
  void OnRetriesEnded(amplitude::Operation operation, amplitude::RetryEnd why) override;
  void OnCircuitChange(amplitude::CircuitState state, absl::Duration wait) override;
  void OnCircuitRefused(amplitude::Operation operation) override;
  void OnQuotaLeft(amplitude::Budget budget, double requests) override;
  void OnQuotaRefused(amplitude::Budget budget) override;
  void OnQuotaWaited(absl::Duration wait) override;
  void OnQuotaQueue(std::size_t waiting) override;

 private:
  struct Series {
    prometheus::Counter* cache_hits = nullptr;    // of reads
    prometheus::Counter* cache_misses = nullptr;  // of reads
    prometheus::Counter* joined = nullptr;        // of reads
    prometheus::Counter* retries = nullptr;
    prometheus::Counter* circuit_refused = nullptr;
  };

  Log& log_;
  Activity& activity_;
  std::map<amplitude::Operation, Series> series_;
  std::map<amplitude::RetryEnd, prometheus::Counter*> retries_ended_;
  std::map<amplitude::CircuitState, prometheus::Gauge*> circuit_state_;
  prometheus::Counter& circuit_opened_;
  prometheus::Gauge& cache_bytes_;
  prometheus::Gauge& cache_entries_;
  std::map<amplitude::Budget, prometheus::Gauge*> quota_left_;
  std::map<amplitude::Budget, prometheus::Counter*> quota_refused_;
  prometheus::Histogram& quota_wait_;
  prometheus::Gauge& quota_queue_;
};

}  // namespace mutexd::telemetry
