#include "service/amplitude/iso8601.h"

#include <string>

#include "absl/strings/ascii.h"

namespace mutexd::amplitude {

std::optional<absl::Time> ParseIso8601(absl::string_view text) {
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
