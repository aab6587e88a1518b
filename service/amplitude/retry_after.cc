#include "service/amplitude/retry_after.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace mutexd::amplitude {

std::optional<absl::Duration> ParseRetryAfter(absl::string_view header, absl::Time now) {
  constexpr absl::Duration kLongest = absl::Hours(24);
  header = absl::StripAsciiWhitespace(header);
  if (header.empty()) return std::nullopt;
  const bool is_number = header.find_first_not_of("0123456789.") == absl::string_view::npos;
  if (double seconds; is_number && absl::SimpleAtod(header, &seconds)) {
    if (!std::isfinite(seconds)) return kLongest;
    return std::min(absl::Seconds(seconds), kLongest);
  }
  for (const char* format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    absl::Time time;
    if (!absl::ParseTime(format, header, &time, nullptr)) continue;
    // absl also takes "infinite-future".
    if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) continue;
    return std::clamp(time - now, absl::ZeroDuration(), kLongest);
  }
  return std::nullopt;
}

}  // namespace mutexd::amplitude
