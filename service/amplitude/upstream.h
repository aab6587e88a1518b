// Where Amplitude is.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

enum class Region { kUs, kEu };

struct Upstream {
  std::string base_url;  // scheme, host, and a path prefix where there is one; no slash at the end
  std::string name;  // for messages: "region us", or "host example.com:8443" where a URL was given
};

// Amplitude's own host of a region.
Upstream UpstreamOf(Region region);

// Another URL, such as a proxy's or the sandbox's. `url` is absolute.
Upstream UpstreamAt(absl::string_view url);

}  // namespace mutexd::amplitude
