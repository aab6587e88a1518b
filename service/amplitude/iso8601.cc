#include "service/amplitude/iso8601.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"

namespace mutexd::amplitude {
namespace {

// The number that all of `digits` write, or -1.
int Number(absl::string_view digits) {
  int number = 0;
  for (const char c : digits) {
    if (!absl::ascii_isdigit(c)) return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

// The same of two. Far below zero otherwise, so that a year is too with one such half.
int TwoDigits(const char* digits) {
  const int tens = digits[0] - '0';
  const int ones = digits[1] - '0';
  const bool wrong = (tens | (9 - tens) | ones | (9 - ones)) < 0;
  return wrong ? -100'000 : tens * 10 + ones;
}

// "2024-05-06T07:08:09Z", with or without a fraction: what Amplitude sends, and absl's parser takes
// ten times as long for. Nothing for any other form, be it right or wrong.
std::optional<absl::Time> ParseUsualForm(absl::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z') {
    return std::nullopt;
  }
  const char* const begin = text.data();
  const int year = TwoDigits(begin) * 100 + TwoDigits(begin + 2);
  const int month = TwoDigits(begin + 5);
  const int day = TwoDigits(begin + 8);
  const int hour = TwoDigits(begin + 11);
  const int minute = TwoDigits(begin + 14);
  const int second = TwoDigits(begin + 17);
  if (year < 1 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;

  absl::string_view fraction(begin + 19, text.size() - 20);
  int nanos = 0;
  if (!fraction.empty()) {
    if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 10) return std::nullopt;
    fraction.remove_prefix(1);
    nanos = Number(fraction);
    if (nanos < 0) return std::nullopt;
    for (std::size_t digits = fraction.size(); digits < 9; ++digits) nanos *= 10;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  return absl::FromUnixSeconds(seconds) + absl::Nanoseconds(nanos);
}

}  // namespace

std::optional<absl::Time> ParseIso8601(absl::string_view text) {
  if (const auto time = ParseUsualForm(text)) return time;
  // "YYYY-MM-DD" and a time at least; absl also takes "infinite-past" and years of any length.
  if (text.size() < 16 || !absl::ascii_isdigit(text[0]) || text[4] != '-') return std::nullopt;
  const std::string date_and_time =
      std::string(text.substr(0, 10)) + "T" + std::string(text.substr(11));
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const absl::Time first = absl::FromCivil(absl::CivilSecond(1, 1, 1), absl::UTCTimeZone());
  const absl::Time behind = absl::FromCivil(absl::CivilSecond(10000, 1, 1), absl::UTCTimeZone());
  for (const char* format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S"}) {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(format, date_and_time, &time, &error)) continue;
    if (time < first || time >= behind) return std::nullopt;
    return time;
  }
  return std::nullopt;
}

}  // namespace mutexd::amplitude
