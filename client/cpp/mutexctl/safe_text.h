// Text from elsewhere, made safe for a terminal: names come from whoever may edit groups, and must
// not move the cursor, recolour the screen or turn the direction of reading.
#pragma once

#include <string>
#include <string_view>

namespace mutexgroups::ctl {

bool IsUtf8(std::string_view text);

// Control characters, direction marks and line separators as `\n`, `\x1b` or `\u202e`; bytes that
// are not UTF-8 as `\xff`. All else is kept.
std::string Escaped(std::string_view text);

// The same characters as `\u001b`, for text inside JSON and YAML quotes. `text` must be UTF-8.
std::string EscapedForQuotes(std::string_view text);

// How many columns of a terminal the text takes: two for East Asian wide characters and most emoji,
// none for combining marks. `text` must be escaped.
int DisplayWidth(std::string_view text);

// The text cut to `width` columns (at least 1), with an ellipsis where it was cut.
std::string Fitted(std::string_view text, int width, bool unicode);

}  // namespace mutexgroups::ctl
