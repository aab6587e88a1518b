// UTF-8 where it comes from outside: protobuf strings must be valid, and texts are cut by bytes.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

bool IsAscii(absl::string_view text);

// Appends `text`; each sequence that is not UTF-8 (surrogates and overlong forms too) becomes one
// U+FFFD.
void AppendValidUtf8(absl::string_view text, std::string& out);

// The longest prefix of valid UTF-8 of at most `max_bytes` bytes that does not end inside a
// character.
absl::string_view ClipUtf8(absl::string_view text, std::size_t max_bytes);

}  // namespace mutexd::amplitude
