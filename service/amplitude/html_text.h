// What an HTML page, such as a proxy's error page, says.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

bool LooksLikeHtml(absl::string_view body);

// The page's title, or without one its text: no tags, scripts, styles or comments; the usual
// entities replaced. White space is left as it is.
std::string TextOfHtml(absl::string_view page);

}  // namespace mutexd::amplitude
