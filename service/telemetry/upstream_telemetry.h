// Counts requests to Amplitude and the connections that they take.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "service/amplitude/upstream_observer.h"
#include "service/http/http_observer.h"
#include "service/telemetry/activity.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"

namespace mutexd::telemetry {

class UpstreamTelemetry final : public amplitude::UpstreamObserver, public http::HttpObserver {
 public:
  // Series are there with zero from the start, by operation; results other than 200 as they come.
  // All references must outlive it.
  UpstreamTelemetry(Metrics& metrics, Log& log, Activity& activity);

  void OnRequestStarted(const amplitude::Call& call, amplitude::Operation operation) override;
  void OnRequestFinished(const amplitude::Call& call,
                         const amplitude::FinishedRequest& request) override;
  void OnFieldsOfWrongKind(amplitude::Operation operation, absl::string_view field,
                           int times) override;
  void OnTransferEnd(const http::HttpTransferStats& stats) override;

 private:
  struct Series {
    prometheus::Histogram* duration = nullptr;
    prometheus::Gauge* in_flight = nullptr;
    prometheus::Counter* body_bytes_sent = nullptr;
    prometheus::Counter* body_bytes_received = nullptr;
    prometheus::Counter* ok = nullptr;  // finished with 200
  };

  prometheus::Counter& FinishedWith(amplitude::Operation operation, const std::string& result);

  void Remember(const amplitude::FinishedRequest& request, const std::string& result);

  Log& log_;
  Activity& activity_;
  CounterFamily& finished_;
  CounterFamily& wrong_kinds_;
  prometheus::Counter& connections_opened_;
  prometheus::Counter& bytes_sent_;
  prometheus::Counter& bytes_received_;
  std::map<amplitude::Operation, Series> series_;
};

}  // namespace mutexd::telemetry
