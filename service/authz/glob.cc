#include "service/authz/glob.h"

#include <cstddef>

namespace mutexd::authz {

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  // Where to go on when what follows the last star turns out not to fit: one character further.
  std::size_t after_star = absl::string_view::npos;
  std::size_t retry_from = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      retry_from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (after_star != absl::string_view::npos) {
      p = after_star;
      t = ++retry_from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace mutexd::authz
