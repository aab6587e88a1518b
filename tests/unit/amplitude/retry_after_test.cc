#include "service/amplitude/retry_after.h"

#include <gtest/gtest.h>

namespace mutexd::amplitude {
namespace {

absl::Time Now() {
  return absl::FromCivil(absl::CivilSecond(1994, 11, 6, 8, 49, 7), absl::UTCTimeZone());
}

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(ParseRetryAfter("0", Now()), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter(" 30 ", Now()), absl::Seconds(30));
  EXPECT_EQ(ParseRetryAfter("1.5", Now()), absl::Milliseconds(1500));
}

TEST(RetryAfter, ReadsTheThreeFormsOfDates) {
  for (const char* date : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(ParseRetryAfter(date, Now()), absl::Seconds(30)) << date;
  }
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", Now()), absl::ZeroDuration());
}

TEST(RetryAfter, IsNeverOverADay) {
  for (const char* header :
       {"86401", "99999999999999999999999999", "Sun, 06 Nov 2094 08:49:37 GMT"}) {
    EXPECT_EQ(ParseRetryAfter(header, Now()), absl::Hours(24)) << header;
  }
}

TEST(RetryAfter, IgnoresWhatItCannotRead) {
  for (const char* header : {"", " ", "-5", "soon", "5 seconds", "nan", "inf", "infinite-future",
                             "06 Nov 1994", "1e3", "0x10000000000000"}) {
    EXPECT_EQ(ParseRetryAfter(header, Now()), std::nullopt) << header;
  }
}

}  // namespace
}  // namespace mutexd::amplitude
