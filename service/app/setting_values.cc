#include "service/app/setting_values.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "service/app/listen_address.h"

namespace mutexd::app {
namespace {

absl::Status Bad(absl::string_view what, absl::string_view remedy) {
  return absl::InvalidArgumentError(absl::StrCat(what, "; ", remedy));
}

std::optional<double> UnitFactor(absl::string_view unit) {
  static constexpr std::pair<absl::string_view, double> kUnits[] = {
      {"", 1},     {"b", 1},         {"kb", 1e3},      {"mb", 1e6},
      {"gb", 1e9}, {"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
  };
  const std::string lower = absl::AsciiStrToLower(unit);
  for (const auto& [name, factor] : kUnits) {
    if (name == lower) return factor;
  }
  return std::nullopt;
}

std::size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({substituted, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDurationValue(absl::string_view text, absl::Duration least,
                                                  absl::Duration most) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration == absl::InfiniteDuration() ||
      duration == -absl::InfiniteDuration()) {
    return Bad("is not a duration", "write it with a unit, such as 500ms, 10s or 5m");
  }
  if (duration < least || duration > most) {
    return Bad("is out of range", absl::StrCat("give a duration from ", absl::FormatDuration(least),
                                               " to ", absl::FormatDuration(most)));
  }
  return duration;
}

absl::StatusOr<std::size_t> ParseByteSize(absl::string_view text, std::size_t least,
                                          std::size_t most) {
  const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  const std::optional<double> factor =
      UnitFactor(absl::StripAsciiWhitespace(text.substr(number_end)));
  if (!factor || !absl::SimpleAtod(text.substr(0, number_end), &number)) {
    return Bad("is not a size", "write bytes as a number, or with a unit, such as 3.5MiB");
  }
  const double bytes = std::floor(number * *factor);
  if (bytes < static_cast<double>(least) || bytes > static_cast<double>(most)) {
    return Bad("is out of range", absl::StrCat("give a size from ", least, " to ", most, " bytes"));
  }
  return static_cast<std::size_t>(bytes);
}

absl::StatusOr<std::int64_t> ParseWholeNumber(absl::string_view text, std::int64_t least,
                                              std::int64_t most) {
  const std::string remedy = absl::StrCat("give a whole number from ", least, " to ", most);
  const bool has_digits_only =
      !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!has_digits_only) return Bad("is not a whole number", remedy);
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return Bad("is out of range", remedy);
  }
  return number;
}

absl::StatusOr<double> ParseShare(absl::string_view text) {
  constexpr absl::string_view kRemedy = "give a share from 0 to below 1, such as 0.1";
  double share = 0;
  if (!absl::SimpleAtod(text, &share) || std::isnan(share)) return Bad("is not a number", kRemedy);
  if (share < 0 || share >= 1) return Bad("is out of range", kRemedy);
  return share;
}

absl::StatusOr<bool> ParseSwitch(absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(text);
  for (const absl::string_view yes : {"true", "1", "yes", "on"}) {
    if (lower == yes) return true;
  }
  for (const absl::string_view no : {"false", "0", "no", "off"}) {
    if (lower == no) return false;
  }
  return Bad("is neither true nor false", "write true or false");
}

absl::StatusOr<int> ParseChoice(absl::string_view text,
                                absl::Span<const absl::string_view> choices) {
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) return static_cast<int>(found - choices.begin());
  return Bad("is not one of the choices", absl::StrCat("give ", absl::StrJoin(choices, " or ")));
}

namespace {

// `authority` is "host" or "host:port".
absl::StatusOr<absl::string_view> HostOf(absl::string_view authority, absl::string_view remedy) {
  absl::string_view host = authority;
  absl::string_view port;
  if (absl::ConsumePrefix(&host, "[")) {
    const std::size_t end = host.find(']');
    if (end == absl::string_view::npos) return Bad("lacks the closing ] of its host", remedy);
    port = host.substr(end + 1);
    host = host.substr(0, end);
  } else if (const std::size_t colon = host.find(':'); colon != absl::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  if (host.empty()) return Bad("has no host", remedy);
  int port_number = 0;
  if (!port.empty() && (!absl::ConsumePrefix(&port, ":") || !absl::SimpleAtoi(port, &port_number) ||
                        port_number < 1 || port_number > 65535)) {
    return Bad("has a port that is not a number from 1 to 65535", remedy);
  }
  return host;
}

}  // namespace

absl::StatusOr<std::string> ParseUpstreamUrl(absl::string_view text) {
  constexpr absl::string_view kRemedy = "write it as https://host or https://host:port";
  absl::string_view rest = text;
  const bool tls = absl::StartsWithIgnoreCase(rest, "https://");
  if (!tls && !absl::StartsWithIgnoreCase(rest, "http://")) {
    return Bad("is not an http or https URL", kRemedy);
  }
  rest.remove_prefix(tls ? 8 : 7);
  for (const char c : rest) {
    if (!absl::ascii_isgraph(c)) return Bad("has spaces or control characters", kRemedy);
  }
  if (rest.find_first_of("?#") != absl::string_view::npos) {
    return Bad("has a query or a fragment", kRemedy);
  }
  absl::string_view authority = rest.substr(0, rest.find('/'));
  if (absl::StrContains(authority, "@")) return Bad("has a user name", kRemedy);

  const auto host = HostOf(authority, kRemedy);
  if (!host.ok()) return host.status();
  if (!tls && !IsLoopbackHost(*host)) {
    return Bad("would send the management key unencrypted",
               "use https (http is accepted for this machine only: localhost, 127.0.0.1, [::1])");
  }
  while (absl::ConsumeSuffix(&text, "/")) {
  }
  return std::string(text);
}

absl::StatusOr<std::string> ParseProxyUrl(absl::string_view text) {
  constexpr absl::string_view kRemedy = "write it as http://proxy.example.com:3128";
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "http://") && !absl::ConsumePrefix(&rest, "https://")) {
    return Bad("is not an http or https URL", kRemedy);
  }
  for (const char c : rest) {
    if (!absl::ascii_isgraph(c)) return Bad("has spaces or control characters", kRemedy);
  }
  absl::ConsumeSuffix(&rest, "/");
  if (rest.find_first_of("/?#") != absl::string_view::npos) {
    return Bad("has more than a host and a port", kRemedy);
  }
  const std::size_t at = rest.rfind('@');
  const absl::string_view authority = at == absl::string_view::npos ? rest : rest.substr(at + 1);
  const auto host = HostOf(authority, kRemedy);
  if (!host.ok()) return host.status();
  const bool has_port = authority.rfind(':') != absl::string_view::npos && authority.back() != ']';
  if (!has_port) return Bad("has no port", kRemedy);  // libcurl would take 1080
  return std::string(text);
}

std::string HideUser(absl::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t at = text.rfind('@');
  if (scheme == absl::string_view::npos || at == absl::string_view::npos || at < scheme) {
    return std::string(text);
  }
  return absl::StrCat(text.substr(0, scheme + 3), "***", text.substr(at));
}

absl::string_view NearestName(absl::string_view name,
                              absl::Span<const absl::string_view> candidates) {
  absl::string_view nearest;
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const absl::string_view candidate : candidates) {
    const std::size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace mutexd::app
