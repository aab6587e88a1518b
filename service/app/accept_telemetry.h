// Connections as metrics and log lines, and their limit.
#pragma once

#include <atomic>

#include "service/app/connection_acceptor.h"
#include "service/app/open_connections.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"

namespace mutexd::app {

// For all listeners of the process. Any thread.
class AcceptTelemetry final : public AcceptObserver {
 public:
  // Over `max_connections` a connection is closed as soon as it is accepted, so that its client
  // learns of it and can go elsewhere. `metrics` and `log` must outlive this; this must outlive
  // what exposes the metrics.
  AcceptTelemetry(std::size_t max_connections, telemetry::Metrics& metrics, telemetry::Log& log);

  bool OnAccepted(int descriptor) override;
  void OnPaused(int error) override;
  void OnResumed() override;

  // Looks at every connection: see OpenConnections::Count.
  std::size_t connections_open() { return open_.Count(); }
  std::size_t max_connections() const { return max_connections_; }

 private:
  const std::size_t max_connections_;
  telemetry::Log& log_;
  OpenConnections open_;
  prometheus::Counter& accepted_;
  prometheus::Counter& refused_;
  prometheus::Counter& pauses_;
  std::atomic<bool> full_ = false;  // and a warning has been written
};

}  // namespace mutexd::app
