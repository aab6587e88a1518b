#include "service/telemetry/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace mutexd::telemetry {
namespace {

// They take 0.4 kB each from the start.
constexpr std::size_t kLinesThatMayWait = 1024;
constexpr std::size_t kShortestSecret = 8;
constexpr absl::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// How many bytes the UTF-8 sequence at the start of `text` has; 0 where there is none.
std::size_t Utf8SequenceLength(absl::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  unsigned code_point = 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
    code_point = first & 0x1F;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    code_point = first & 0x0F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    code_point = first & 0x07;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code_point = code_point << 6 | (byte(i) & 0x3F);
  }
  const bool overlong =
      (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return overlong || surrogate || code_point > 0x10FFFF ? 0 : length;
}

void AppendQuoted(std::string& out, absl::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t length = Utf8SequenceLength(text);
    if (length == 0) {
      absl::StrAppend(&out, kReplacementCharacter);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else {
      absl::StrAppend(&out, text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

void Append(std::string& out, const std::string& text) { AppendQuoted(out, text); }
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
    AppendQuoted(line, message);
    for (const LogField& field : fields) {
      absl::StrAppend(&line, " ", field.name, "=");
      AppendValue(line, field.value);
    }
    return line;
  }
  absl::StrAppend(&line, R"({"time":")", Timestamp(time), R"(","level":")", LogLevelName(level),
                  R"(","msg":)");
  AppendQuoted(line, message);
  for (const LogField& field : fields) {
    line += ',';
    AppendQuoted(line, field.name);
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
  std::string line = FormatLogLine(options_.format, absl::Now(), level, message, fields);
  {
    const std::lock_guard lock(secrets_mutex_);
    for (const std::string& secret : secrets_) {
      absl::StrReplaceAll({{secret, "[hidden]"}}, &line);
    }
  }
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

std::size_t Log::lines_dropped() const { return pool_->overrun_counter(); }

}  // namespace mutexd::telemetry
