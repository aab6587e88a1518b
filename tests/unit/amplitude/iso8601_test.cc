#include "service/amplitude/iso8601.h"

#include <gtest/gtest.h>

namespace mutexd::amplitude {
namespace {

TEST(Iso8601, ReadsTheUsualForms) {
  const absl::Time whole = absl::FromUnixSeconds(1714979289);
  for (const char* text :
       {"2024-05-06T07:08:09Z", "2024-05-06T07:08:09.000Z", "2024-05-06T09:08:09+02:00",
        "2024-05-06T09:08:09+0200", "2024-05-06t07:08:09", "2024-05-06 07:08:09"}) {
    EXPECT_EQ(ParseIso8601(text), whole) << text;
  }
  EXPECT_EQ(ParseIso8601("2024-05-06T07:08:09.123456789Z"), whole + absl::Nanoseconds(123456789));
  EXPECT_EQ(ParseIso8601("1969-12-31T23:59:59.5Z"), absl::UnixEpoch() - absl::Milliseconds(500));
}

TEST(Iso8601, ReadsOnlyWhatATimestampHolds) {
  EXPECT_NE(ParseIso8601("0001-01-01T00:00:00Z"), std::nullopt);
  EXPECT_NE(ParseIso8601("9999-12-31T23:59:59.999Z"), std::nullopt);
  for (const char* text : {"0000-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"}) {
    EXPECT_EQ(ParseIso8601(text), std::nullopt) << text;
  }
}

TEST(Iso8601, RefusesEverythingElse) {
  for (const char* text :
       {"", "yesterday", "2024-05-06", "1714979289", "infinite-future-----------",
        "2024-05-06T25:00:00Z", "2024-13-06T07:08:09Z", "2024-05-06X07:08:09Z",
        "2024-05-06T07:08:09Zjunk", "06/05/2024 07:08:09Z", "2024-05-06T07:08:09 Europe/Berlin"}) {
    EXPECT_EQ(ParseIso8601(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace mutexd::amplitude
