// A log whose lines a test can look at.
#pragma once

#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "service/telemetry/log.h"

namespace mutexd::telemetry {

class CapturedLog {
 public:
  explicit CapturedLog(Log::Options options = {LogLevel::kDebug, LogFormat::kJson}) {
    log_.emplace(options, std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
  }

  Log& log() { return *log_; }

  // Ends the log, which must not be used after it, so that nothing waits any more.
  std::vector<std::string> TakeLines() {
    log_.reset();
    std::vector<std::string> lines;
    std::istringstream in(out_.str());
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::ostringstream out_;
  std::optional<Log> log_;
};

}  // namespace mutexd::telemetry
