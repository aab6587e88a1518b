// How late the event loop is: what every call waits for besides its own work.
#pragma once

#include <asio/awaitable.hpp>

#include "service/amplitude/clock.h"
#include "service/telemetry/metrics.h"

namespace mutexd::telemetry {

// Adds the metric, and sees every second how much later than asked for a timer fires. Never ends of
// itself. Both references must outlive it.
asio::awaitable<void> MeasureLoopLag(amplitude::Clock& clock, Metrics& metrics);

}  // namespace mutexd::telemetry
