// Integers as JSON may write them, read exactly: no detour over double.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

enum class IntegerFault {
  kNone,
  kNotANumber,
  kNotIntegral,  // such as 1.5 or 1e-3
  kOutOfRange,   // does not fit in 64 bits
};

struct ParsedInteger {
  std::int64_t value = 0;  // with kNone
  IntegerFault fault = IntegerFault::kNone;
};

// Reads a whole number in any notation of JSON (5, 5.0, 50e-1, 1e3); leading zeros are allowed, for
// numbers that stand in strings.
ParsedInteger ParseInteger(absl::string_view text);

// -- implementation

ParsedInteger ParseAnyInteger(absl::string_view text);

// Nearly all numbers are digits that certainly fit.
inline ParsedInteger ParseInteger(absl::string_view text) {
  constexpr std::size_t kDigitsThatFit = 18;
  if (text.empty() || text.size() > kDigitsThatFit) return ParseAnyInteger(text);
  std::int64_t integer = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return ParseAnyInteger(text);
    integer = integer * 10 + (c - '0');
  }
  return {integer};
}

}  // namespace mutexd::amplitude
