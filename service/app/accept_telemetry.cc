#include "service/app/accept_telemetry.h"

#include <cstring>

namespace mutexd::app {

using telemetry::LogLevel;

AcceptTelemetry::AcceptTelemetry(std::size_t max_connections, telemetry::Metrics& metrics,
                                 telemetry::Log& log)
    : max_connections_(max_connections),
      log_(log),
      open_(max_connections),
      accepted_(metrics
                    .AddCounter("mutexd_connections_accepted_total",
                                "Connections of callers that were accepted.")
                    .Add({})),
      refused_(metrics
                   .AddCounter("mutexd_connections_refused_total",
                               "Connections of callers that were closed at once, as there were "
                               "too many.")
                   .Add({})),
      pauses_(metrics
                  .AddCounter("mutexd_accept_pauses_total",
                              "How often accepting paused for lack of descriptors or memory.")
                  .Add({})) {
  metrics.AddGaugeFrom("mutexd_connections_open", "Connections of callers that are open.",
                       [this] { return static_cast<double>(open_.Count()); });
}

bool AcceptTelemetry::OnAccepted(int descriptor) {
  if (open_.Add(descriptor)) {
    accepted_.Increment();
    full_ = false;
    return true;
  }
  refused_.Increment();
  if (!full_.exchange(true)) {
    log_.Write(LogLevel::kWarning, "there are as many connections as may be; more are closed",
               {{"max_connections", max_connections_}});
  }
  return false;
}

void AcceptTelemetry::OnPaused(int error) {
  pauses_.Increment();
  log_.Write(LogLevel::kWarning, "no connections can be accepted for now; they wait",
             {{"error", std::strerror(error)}});
}

void AcceptTelemetry::OnResumed() { log_.Write(LogLevel::kInfo, "connections are accepted again"); }

}  // namespace mutexd::app
