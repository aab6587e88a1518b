#include "service/amplitude/upstream.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mutexd::amplitude {

Upstream UpstreamOf(Region region) {
  if (region == Region::kEu) return {"https://experiment.eu.amplitude.com", "region eu"};
  return {"https://experiment.amplitude.com", "region us"};
}

Upstream UpstreamAt(absl::string_view url) {
  while (absl::ConsumeSuffix(&url, "/")) {
  }
  absl::string_view host = url;
  const auto scheme_end = host.find("://");
  if (scheme_end != absl::string_view::npos) host.remove_prefix(scheme_end + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  // A user and password have no place in messages.
  const auto at = host.rfind('@');
  if (at != absl::string_view::npos) host.remove_prefix(at + 1);
  return {std::string(url), absl::StrCat("host ", host)};
}

}  // namespace mutexd::amplitude
