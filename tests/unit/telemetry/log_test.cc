#include "service/telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>

#include <condition_variable>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kTime = absl::FromUnixMicros(1700000000123456);

TEST(LogLine, IsOneJsonObject) {
  EXPECT_EQ(
      FormatLogLine(
          LogFormat::kJson, kTime, LogLevel::kInfo, "listening",
          {{"address", "127.0.0.1:43123"}, {"port", 43123}, {"duration_ms", 1.5}, {"tls", false}}),
      R"({"time":"2023-11-14T22:13:20.123456Z","level":"info","msg":"listening",)"
      R"("address":"127.0.0.1:43123","port":43123,"duration_ms":1.500,"tls":false})");
}

TEST(LogLine, IsReadableAsText) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, kTime, LogLevel::kWarning, "not so good",
                          {{"peer", "ipv4:1.2.3.4:5"}, {"code", 14}}),
            R"(2023-11-14T22:13:20.123456Z warning "not so good" peer="ipv4:1.2.3.4:5" code=14)");
}

TEST(LogLine, NeverBreaksOutOfItsLineOrQuotes) {
  const std::string line =
      FormatLogLine(LogFormat::kJson, kTime, LogLevel::kInfo, "m",
                    {{"x", absl::string_view("a\"b\\c\nd\re\0f\x1b\x7f", 13)}});
  EXPECT_THAT(line, HasSubstr(R"("x":"a\"b\\c\nd\u000de\u0000f\u001b\u007f")"));
}

TEST(LogLine, ReplacesWhatIsNotUtf8) {
  const auto value = [](absl::string_view bytes) {
    const std::string line =
        FormatLogLine(LogFormat::kJson, kTime, LogLevel::kInfo, "m", {{"x", bytes}});
    return line.substr(line.find("\"x\":"));
  };
  EXPECT_EQ(value("caf\xC3\xA9 \xF0\x9F\x98\x80"), "\"x\":\"caf\xC3\xA9 \xF0\x9F\x98\x80\"}");
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(value("\xC3"), "\"x\":\"" + r + "\"}");
  EXPECT_EQ(value("\xFFz"), "\"x\":\"" + r + "z\"}");
  EXPECT_EQ(value("\xC0\xAF"), "\"x\":\"" + r + r + "\"}");                  // overlong
  EXPECT_EQ(value("\xE0\x80\x80"), "\"x\":\"" + r + r + r + "\"}");          // overlong
  EXPECT_EQ(value("\xED\xA0\x80"), "\"x\":\"" + r + r + r + "\"}");          // surrogate
  EXPECT_EQ(value("\xF4\x90\x80\x80"), "\"x\":\"" + r + r + r + r + "\"}");  // beyond Unicode
}

TEST(LogLine, WritesNumbersThatJsonLacksAsNull) {
  EXPECT_THAT(FormatLogLine(LogFormat::kJson, kTime, LogLevel::kInfo, "m",
                            {{"x", std::numeric_limits<double>::infinity()}}),
              HasSubstr("\"x\":null"));
}

// The lines of a log by the time that it was destroyed.
std::vector<std::string> LinesOf(Log::Options options, const std::function<void(Log&)>& write) {
  CapturedLog captured(options);
  write(captured.log());
  return captured.TakeLines();
}

TEST(Log, WritesWhatWaitsBeforeItEnds) {
  const auto lines = LinesOf({}, [](Log& log) {
    for (int i = 0; i < 1000; ++i) log.Write(LogLevel::kInfo, absl::StrCat("line ", i));
  });
  ASSERT_EQ(lines.size(), 1000u);
  EXPECT_THAT(lines[999], HasSubstr("\"msg\":\"line 999\""));
}

TEST(Log, LeavesOutWhatIsLessSevereThanItsLevel) {
  const auto lines = LinesOf({LogLevel::kWarning, LogFormat::kJson}, [](Log& log) {
    for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                                 LogLevel::kError, LogLevel::kCritical}) {
      log.Write(level, "x");
    }
  });
  EXPECT_EQ(lines.size(), 3u);
}

TEST(Log, TakesPercentSignsAndBracesLiterally) {
  const auto lines = LinesOf({}, [](Log& log) {
    log.Write(LogLevel::kInfo, "%v {} {0} %n", {{"a", "{}%v"}});
  });
  EXPECT_THAT(lines, ElementsAre(HasSubstr(R"("msg":"%v {} {0} %n","a":"{}%v")")));
}

TEST(Log, HidesSecrets) {
  const auto lines = LinesOf({}, [](Log& log) {
    log.HideSecret("ampex_0123456789");
    log.HideSecret("abc");
    log.Write(LogLevel::kInfo, "with ampex_0123456789", {{"header", "Bearer ampex_0123456789!"}});
    log.Write(LogLevel::kInfo, "abc");
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], Not(HasSubstr("ampex_0123456789")));
  EXPECT_THAT(lines[0], HasSubstr(R"("msg":"with [hidden]","header":"Bearer [hidden]!")"));
  EXPECT_THAT(lines[1], HasSubstr("\"msg\":\"abc\""));
}

// A reader of stderr that stands still until it is told to go on.
class StoppedSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void GoOn() {
    const std::lock_guard lock(mutex);
    going_ = true;
    changed_.notify_all();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg&) override {
    std::unique_lock lock(mutex);
    changed_.wait(lock, [this] { return going_; });
  }
  void flush_() override {}

 private:
  std::mutex mutex;
  std::condition_variable changed_;
  bool going_ = false;
};

TEST(Log, DropsAndCountsLinesInsteadOfHoldingUpTheCaller) {
  auto sink = std::make_shared<StoppedSink>();
  Log log({}, sink);
  for (int i = 0; i < 20000; ++i) log.Write(LogLevel::kInfo, "x");  // would hang
  EXPECT_GT(log.lines_dropped(), 10000u);
  sink->GoOn();
}

}  // namespace
}  // namespace mutexd::telemetry
