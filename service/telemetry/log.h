// The service's log: one line for each event, on stderr, as JSON or as text.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spdlog::details {
class thread_pool;
}

namespace mutexd::telemetry {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kCritical };
enum class LogFormat { kJson, kText };

// "debug", "info", "warning", "error" or "critical".
absl::string_view LogLevelName(LogLevel level);

struct LogField {
  using Value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>,
                             std::vector<std::int64_t>>;

  LogField(absl::string_view field_name, absl::string_view text)
      : name(field_name), value(std::string(text)) {}
  LogField(absl::string_view field_name, const char* text)
      : name(field_name), value(std::string(text)) {}
  LogField(absl::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  LogField(absl::string_view field_name, bool yes) : name(field_name), value(yes) {}
  LogField(absl::string_view field_name, double number) : name(field_name), value(number) {}
  LogField(absl::string_view field_name, std::vector<std::string> texts)
      : name(field_name), value(std::move(texts)) {}
  LogField(absl::string_view field_name, std::vector<std::int64_t> numbers)
      : name(field_name), value(std::move(numbers)) {}
  template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
  LogField(absl::string_view field_name, Integer number)
      : name(field_name), value(static_cast<std::int64_t>(number)) {}

  std::string name;
  Value value;
};

using LogFields = std::vector<LogField>;

// One line, without its end. Text of any bytes is safe in it: control characters are escaped, what
// is not UTF-8 is replaced.
std::string FormatLogLine(LogFormat format, absl::Time time, LogLevel level,
                          absl::string_view message, const LogFields& fields);

// Any thread. Lines below critical are written by a thread of its own, so that a slow reader of
// stderr never holds up the caller; when more than 1,024 wait, the oldest are dropped and counted.
// Critical ones are written before Write returns.
class Log {
 public:
  struct Options {
    LogLevel level = LogLevel::kInfo;  // lines below it are left out
    LogFormat format = LogFormat::kJson;
  };

  // To stderr, or to `sink`.
  explicit Log(Options options, spdlog::sink_ptr sink = nullptr);
  ~Log();  // writes what waits
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void Write(LogLevel level, absl::string_view message, const LogFields& fields = {});

  // Whether Write does anything with lines of this level: for those who write often.
  bool Writes(LogLevel level) const { return level >= options_.level; }

  // From now on `secret` never appears in a line: the last line of defence, as nobody should log
  // it. Secrets under 8 characters are ignored: replacing them would garble ordinary words.
  void HideSecret(std::string secret);

  // `text` without the secrets, for what is written elsewhere.
  std::string WithoutSecrets(std::string text);

  // How many lines have been dropped.
  std::size_t lines_dropped() const;

 private:
  Options options_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::logger> waiting_;    // writes on pool_'s thread
  std::shared_ptr<spdlog::logger> immediate_;  // writes at once

  std::mutex secrets_mutex_;
  std::vector<std::string> secrets_;
};

}  // namespace mutexd::telemetry
