#include "service/amplitude/json_number.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace mutexd::amplitude {
namespace {

struct Row {
  std::string text;
  std::int64_t value;
};

TEST(ParseInteger, ReadsWholeNumbersInAnyNotation) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  const Row rows[] = {
      {"0", 0},
      {"-0", 0},
      {"0.000", 0},
      {"0e999999999999999999999", 0},
      {"0e-5", 0},
      {"5", 5},
      {"5.0", 5},
      {"-5.00", -5},
      {"1e3", 1000},
      {"1E+3", 1000},
      {"1.5e1", 15},
      {"100e-2", 1},
      {"12300.00e-2", 123},
      {"007", 7},
      {"0.001e3", 1},
      {"9007199254740993", 9007199254740993},
      {"9007199254740993.0", 9007199254740993},
      {"9223372036854775807", kMax},
      {"-9223372036854775808", kMin},
      {"-9.223372036854775808e18", kMin},
      {"00000000000000000000000000000000000000001", 1},
      {"1" + std::string(1000, '0') + "e-1000", 1},
  };
  for (const Row& row : rows) {
    const ParsedInteger parsed = ParseInteger(row.text);
    EXPECT_EQ(parsed.fault, IntegerFault::kNone) << row.text;
    EXPECT_EQ(parsed.value, row.value) << row.text;
  }
}

TEST(ParseInteger, TellsFractionsFromNumbersOutOfRange) {
  for (const char* text : {"1.5", "1e-1", "-0.1", "15e-1", "1e-99999999999999999999", "123.4e0"}) {
    EXPECT_EQ(ParseInteger(text).fault, IntegerFault::kNotIntegral) << text;
  }
  for (const char* text :
       {"9223372036854775808", "-9223372036854775809", "1e19", "1e400", "-1e400",
        "1180591620717411303424", "1e99999999999999999999", "99999999999999999999999999.0"}) {
    EXPECT_EQ(ParseInteger(text).fault, IntegerFault::kOutOfRange) << text;
  }
}

TEST(ParseInteger, RefusesWhatIsNoNumber) {
  for (const char* text : {"", "-", "+5", " 5", "5 ", "0x10", "1e", "1e+", ".5", "5.", "1_000",
                           "1,000", "five", "--5", "5-", "Infinity", "NaN", "\xD9\xA5"}) {
    EXPECT_EQ(ParseInteger(text).fault, IntegerFault::kNotANumber) << text;
  }
}

}  // namespace
}  // namespace mutexd::amplitude
