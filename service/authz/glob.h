// Patterns in which `*` stands for any characters.
#pragma once

#include "absl/strings/string_view.h"

namespace mutexd::authz {

// Whether the whole of `text` fits `pattern`: a `*` stands for any run of characters, none and '/'
// and '.' included; every other character stands for itself. Takes time in proportion to the
// product of the two lengths at most, whoever wrote them.
bool GlobMatches(absl::string_view pattern, absl::string_view text);

}  // namespace mutexd::authz
