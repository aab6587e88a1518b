// Integers as JSON may write them, read exactly: no detour over double.
#pragma once

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

}  // namespace mutexd::amplitude
