#include "service/telemetry/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "service/telemetry/json_text.h"

namespace mutexd::telemetry {
namespace {

// They take 0.4 kB each from the start.
constexpr std::size_t kLinesThatMayWait = 1024;
constexpr std::size_t kShortestSecret = 8;

void Append(std::string& out, const std::string& text) { AppendJsonString(out, text); }
void Append(std::string& out, std::int64_t number) { absl::StrAppend(&out, number); }
void Append(std::string& out, double number) {
  absl::StrAppend(&out, std::isfinite(number) ? absl::StrFormat("%.3f", number) : "null");
}
void Append(std::string& out, bool yes) { absl::StrAppend(&out, yes ? "true" : "false"); }

template <typename Element>
void Append(std::string& out, const std::vector<Element>& elements) {
  out += '[';
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out += ',';
    Append(out, elements[i]);
  }
  out += ']';
}

void AppendValue(std::string& out, const LogField::Value& value) {
  std::visit([&out](const auto& kind) { Append(out, kind); }, value);
}

std::string Timestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kCritical:
      break;
  }
  return spdlog::level::critical;
}

}  // namespace

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kCritical:
      break;
  }
  return "critical";
}

std::string FormatLogLine(LogFormat format, absl::Time time, LogLevel level,
                          absl::string_view message, const LogFields& fields) {
  std::string line;
  if (format == LogFormat::kText) {
    absl::StrAppend(&line, Timestamp(time), " ", LogLevelName(level), " ");
    AppendJsonString(line, message);
    for (const LogField& field : fields) {
      absl::StrAppend(&line, " ", field.name, "=");
      AppendValue(line, field.value);
    }
    return line;
  }
  absl::StrAppend(&line, R"({"time":")", Timestamp(time), R"(","level":")", LogLevelName(level),
                  R"(","msg":)");
  AppendJsonString(line, message);
  for (const LogField& field : fields) {
    line += ',';
    AppendJsonString(line, field.name);
    line += ':';
    AppendValue(line, field.value);
  }
  line += '}';
  return line;
}

Log::Log(Options options, spdlog::sink_ptr sink)
    : options_(options),
      pool_(std::make_shared<spdlog::details::thread_pool>(kLinesThatMayWait, 1)) {
  if (!sink) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_pattern("%v");
  waiting_ = std::make_shared<spdlog::async_logger>("mutexd", sink, pool_,
                                                    spdlog::async_overflow_policy::overrun_oldest);
  immediate_ = std::make_shared<spdlog::logger>("mutexd", sink);
  for (const auto& logger : {waiting_, immediate_}) {
    logger->set_level(SpdlogLevel(options_.level));
    logger->flush_on(spdlog::level::debug);
  }
}

Log::~Log() {
  waiting_.reset();
  pool_.reset();  // joins its thread once the queue is empty
}

void Log::Write(LogLevel level, absl::string_view message, const LogFields& fields) {
  if (!Writes(level)) return;
  const std::string line =
      WithoutSecrets(FormatLogLine(options_.format, absl::Now(), level, message, fields));
  const auto& logger = level == LogLevel::kCritical ? immediate_ : waiting_;
  logger->log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
}

void Log::HideSecret(std::string secret) {
  if (secret.size() < kShortestSecret) return;
  const std::lock_guard lock(secrets_mutex_);
  if (std::find(secrets_.begin(), secrets_.end(), secret) == secrets_.end()) {
    secrets_.push_back(std::move(secret));
  }
}

std::string Log::WithoutSecrets(std::string text) {
  const std::lock_guard lock(secrets_mutex_);
  for (const std::string& secret : secrets_) absl::StrReplaceAll({{secret, "[hidden]"}}, &text);
  return text;
}

std::size_t Log::lines_dropped() const { return pool_->overrun_counter(); }

}  // namespace mutexd::telemetry
