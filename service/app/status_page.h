// /statusz: what a person wants to see of a running mutexd, as one page without scripts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/app/gateway_core.h"

namespace mutexd::app {

struct StatusSnapshot {
  absl::Time now;
  absl::Time started;
  std::string state;  // "starting", "serving", "draining"
  std::string version;
  std::string commit;                  // may be empty
  std::vector<std::string> listeners;  // addresses of gRPC
  std::size_t connections_open = 0;    // of callers
  std::size_t max_connections = 0;
  std::string upstream;            // Amplitude's URL
  std::string configuration;       // as --check-config prints it, without secrets
  std::optional<CoreStatus> core;  // absent while the event loop does not answer
};

// HTML; all texts are escaped. Loads nothing from anywhere. Asks the browser to load it again every
// `refresh` seconds, where that is not 0.
std::string StatusPage(const StatusSnapshot& snapshot, int refresh);

// The same for programs.
std::string StatusJson(const StatusSnapshot& snapshot);

// The value of ?refresh=: from 1 to 3600 seconds; 0 for anything else.
int ParseRefresh(absl::string_view text);

}  // namespace mutexd::app
