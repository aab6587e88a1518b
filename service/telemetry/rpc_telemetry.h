// Counts RPCs, and writes the access log: one line for each.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/rpc/rpc_observer.h"
#include "service/telemetry/activity.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"

namespace mutexd::telemetry {

class RpcTelemetry final : public rpc::RpcObserver {
 public:
  // Every series of `methods` is there with zero from the start. All references must outlive it.
  RpcTelemetry(Metrics& metrics, Log& log, Activity& activity,
               const std::vector<std::string>& methods);

  void OnRpcStarted(absl::string_view method) override;
  void OnRpcFinished(const rpc::RpcReport& report) override;

 private:
  struct Series {
    std::vector<prometheus::Counter*> finished;  // by status code
    prometheus::Histogram* duration = nullptr;
    prometheus::Gauge* in_flight = nullptr;
  };

  Series* FindSeries(absl::string_view method);
  void WriteLine(const rpc::RpcReport& report);

  Log& log_;
  Activity& activity_;
  std::map<std::string, Series, std::less<>> series_;  // by method
};

}  // namespace mutexd::telemetry
