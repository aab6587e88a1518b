#include "service/amplitude/json_number.h"

#include <cstddef>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace mutexd::amplitude {
namespace {

// A decimal number taken apart: whole.fraction * 10^exponent.
struct Decimal {
  bool negative = false;
  absl::string_view whole;
  absl::string_view fraction;
  std::int64_t exponent = 0;
};

absl::string_view TakeDigits(absl::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && absl::ascii_isdigit(text[size])) ++size;
  const absl::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

bool TakeOneOf(absl::string_view& text, absl::string_view characters) {
  if (text.empty() || !absl::StrContains(characters, text[0])) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> TakeExponent(absl::string_view& text) {
  // Beyond this, digits no longer matter: no reply is long enough to make up for it.
  constexpr std::int64_t kFarOut = 1'000'000'000;
  const bool negative = !text.empty() && text[0] == '-';
  TakeOneOf(text, "+-");
  const absl::string_view digits = TakeDigits(text);
  if (digits.empty()) return std::nullopt;
  std::int64_t exponent = 0;
  for (const char digit : digits) {
    if (exponent < kFarOut) exponent = exponent * 10 + (digit - '0');
  }
  return negative ? -exponent : exponent;
}

std::optional<Decimal> TakeApart(absl::string_view text) {
  Decimal decimal;
  decimal.negative = TakeOneOf(text, "-");
  decimal.whole = TakeDigits(text);
  if (decimal.whole.empty()) return std::nullopt;
  if (TakeOneOf(text, ".")) {
    decimal.fraction = TakeDigits(text);
    if (decimal.fraction.empty()) return std::nullopt;
  }
  if (TakeOneOf(text, "eE")) {
    const auto exponent = TakeExponent(text);
    if (!exponent) return std::nullopt;
    decimal.exponent = *exponent;
  }
  if (!text.empty()) return std::nullopt;
  return decimal;
}

// Counts below zero, where the range has one number more.
class Accumulator {
 public:
  bool Add(char digit) {
    constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
    const int value = digit - '0';
    if (below_zero_ < kMin / 10 || below_zero_ * 10 < kMin + value) return false;
    below_zero_ = below_zero_ * 10 - value;
    return true;
  }
  std::int64_t below_zero() const { return below_zero_; }

 private:
  std::int64_t below_zero_ = 0;
};

}  // namespace

ParsedInteger ParseAnyInteger(absl::string_view text) {
  const auto decimal = TakeApart(text);
  if (!decimal) return {0, IntegerFault::kNotANumber};

  const auto whole_size = static_cast<std::int64_t>(decimal->whole.size());
  const auto written = whole_size + static_cast<std::int64_t>(decimal->fraction.size());
  const auto digit = [&](std::int64_t i) {
    return i < whole_size ? decimal->whole[static_cast<std::size_t>(i)]
                          : decimal->fraction[static_cast<std::size_t>(i - whole_size)];
  };
  // The digits from `point` on stand behind the decimal point.
  const std::int64_t point = whole_size + decimal->exponent;
  bool zero = true;
  for (std::int64_t i = 0; i < written; ++i) {
    if (digit(i) == '0') continue;
    zero = false;
    if (i >= point) return {0, IntegerFault::kNotIntegral};
  }
  if (zero) return {};

  Accumulator accumulator;
  for (std::int64_t i = 0; i < point; ++i) {
    if (!accumulator.Add(i < written ? digit(i) : '0')) return {0, IntegerFault::kOutOfRange};
  }
  if (decimal->negative) return {accumulator.below_zero()};
  if (accumulator.below_zero() == std::numeric_limits<std::int64_t>::min()) {
    return {0, IntegerFault::kOutOfRange};
  }
  return {-accumulator.below_zero()};
}

}  // namespace mutexd::amplitude
