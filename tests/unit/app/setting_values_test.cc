#include "service/app/setting_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<absl::Duration> UpToAnHour(absl::string_view text) {
  return ParseDurationValue(text, absl::Milliseconds(1), absl::Hours(1));
}

TEST(DurationValue, TakesTheUnitsThatPeopleWrite) {
  EXPECT_EQ(UpToAnHour("500ms").value(), absl::Milliseconds(500));
  EXPECT_EQ(UpToAnHour("10s").value(), absl::Seconds(10));
  EXPECT_EQ(UpToAnHour("5m").value(), absl::Minutes(5));
  EXPECT_EQ(UpToAnHour("1m30s").value(), absl::Seconds(90));
  EXPECT_EQ(UpToAnHour("1.5s").value(), absl::Milliseconds(1500));
  EXPECT_EQ(ParseDurationValue("0s", absl::ZeroDuration(), absl::Hours(1)).value(),
            absl::ZeroDuration());
}

TEST(DurationValue, SaysHowToWriteOne) {
  for (const char* text : {"", "10", "10 s", "ten seconds", "inf", "-inf", "10sec", "10d"}) {
    const auto duration = UpToAnHour(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_EQ(duration.status().message(),
              "is not a duration; write it with a unit, such as 500ms, 10s or 5m");
  }
}

TEST(DurationValue, SaysTheRange) {
  for (const char* text : {"0s", "-5s", "61m", "999us"}) {
    const auto duration = UpToAnHour(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_EQ(duration.status().message(), "is out of range; give a duration from 1ms to 1h");
  }
}

absl::StatusOr<std::int64_t> UpToAThousand(absl::string_view text) {
  return ParseWholeNumber(text, 1, 1000);
}

TEST(WholeNumber, IsWrittenInDigits) {
  EXPECT_EQ(UpToAThousand("1").value(), 1);
  EXPECT_EQ(UpToAThousand("1000").value(), 1000);
  for (const char* text : {"", "-1", "+1", " 1", "1.0", "1e2", "0x10", "ten"}) {
    EXPECT_EQ(UpToAThousand(text).status().message(),
              "is not a whole number; give a whole number from 1 to 1000")
        << text;
  }
}

TEST(WholeNumber, SaysTheRange) {
  for (const char* text : {"0", "1001", "99999999999999999999"}) {
    EXPECT_EQ(UpToAThousand(text).status().message(),
              "is out of range; give a whole number from 1 to 1000")
        << text;
  }
}

TEST(Share, IsBelowOne) {
  EXPECT_EQ(ParseShare("0").value(), 0);
  EXPECT_EQ(ParseShare("0.25").value(), 0.25);
  EXPECT_EQ(ParseShare("5e-1").value(), 0.5);
  for (const char* text : {"1", "-0.1", "10", "inf"}) {
    EXPECT_EQ(ParseShare(text).status().message(),
              "is out of range; give a share from 0 to below 1, such as 0.1")
        << text;
  }
  for (const char* text : {"", "10%", "a tenth", "nan"}) {
    EXPECT_EQ(ParseShare(text).status().message(),
              "is not a number; give a share from 0 to below 1, such as 0.1")
        << text;
  }
}

absl::StatusOr<std::size_t> UpToAGigabyte(absl::string_view text) {
  return ParseByteSize(text, 1024, 1'000'000'000);
}

TEST(ByteSize, TakesPlainBytesAndUnits) {
  EXPECT_EQ(UpToAGigabyte("3670016").value(), 3670016u);
  EXPECT_EQ(UpToAGigabyte("3.5MiB").value(), 3670016u);
  EXPECT_EQ(UpToAGigabyte("3.5 MiB").value(), 3670016u);
  EXPECT_EQ(UpToAGigabyte("4mib").value(), std::size_t{4} << 20);
  EXPECT_EQ(UpToAGigabyte("4MB").value(), 4'000'000u);
  EXPECT_EQ(UpToAGigabyte("64KiB").value(), 65536u);
  EXPECT_EQ(UpToAGigabyte("2048B").value(), 2048u);
  EXPECT_EQ(UpToAGigabyte("2kB").value(), 2000u);
  EXPECT_EQ(UpToAGigabyte("1GB").value(), 1'000'000'000u);
}

TEST(ByteSize, SaysHowToWriteOne) {
  for (const char* text : {"", "MiB", "3.5.1MiB", "3.5MiBs", "-1", "many", "1e6", "0x800"}) {
    const auto bytes = UpToAGigabyte(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.status().message(),
              "is not a size; write bytes as a number, or with a unit, such as 3.5MiB");
  }
}

TEST(ByteSize, SaysTheRange) {
  for (const char* text : {"0", "1023", "1GiB", "99999999999999999999999"}) {
    const auto bytes = UpToAGigabyte(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.status().message(),
              "is out of range; give a size from 1024 to 1000000000 bytes");
  }
}

TEST(UpstreamUrl, TakesHttpsAnywhereAndHttpOnThisMachine) {
  for (const char* text :
       {"https://experiment.amplitude.com", "https://proxy.example:8443/amplitude",
        "HTTPS://EXAMPLE.COM", "https://[2001:db8::1]:8443", "http://127.0.0.1:8080",
        "http://localhost", "http://[::1]:9000", "http://127.8.9.10:1"}) {
    const auto url = ParseUpstreamUrl(text);
    ASSERT_TRUE(url.ok()) << text << ": " << url.status();
    EXPECT_EQ(*url, text);
  }
}

TEST(UpstreamUrl, CutsTrailingSlashes) {
  EXPECT_EQ(ParseUpstreamUrl("https://example.com//").value(), "https://example.com");
}

TEST(UpstreamUrl, RefusesToSendTheKeyUnencrypted) {
  for (const char* text : {"http://example.com", "http://127.0.0.1.example.com", "http://10.0.0.1",
                           "http://[::2]", "http://localhost.example.com", "http://127.1"}) {
    const auto url = ParseUpstreamUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_THAT(std::string(url.status().message()),
                HasSubstr("would send the management key unencrypted; use https"));
  }
}

TEST(UpstreamUrl, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "is not an http or https URL"},
      {"experiment.amplitude.com", "is not an http or https URL"},
      {"ftp://example.com", "is not an http or https URL"},
      {"https://", "has no host"},
      {"https:///path", "has no host"},
      {"https://user:password@example.com", "has a user name"},
      {"https://example.com?x=1", "has a query or a fragment"},
      {"https://example.com#x", "has a query or a fragment"},
      {"https://exam ple.com", "has spaces or control characters"},
      {"https://example.com:0", "has a port that is not a number from 1 to 65535"},
      {"https://example.com:https", "has a port that is not a number from 1 to 65535"},
      {"https://example.com:65536", "has a port that is not a number from 1 to 65535"},
      {"https://[::1", "lacks the closing ] of its host"},
  };
  for (const auto& [text, what] : kCases) {
    const auto url = ParseUpstreamUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.status().message(),
              absl::StrCat(what, "; write it as https://host or https://host:port"));
  }
}

TEST(Switch, TakesWhatPeopleWrite) {
  for (const char* text : {"true", "TRUE", "1", "yes", "on"})
    EXPECT_TRUE(ParseSwitch(text).value());
  for (const char* text : {"false", "0", "No", "off"}) EXPECT_FALSE(ParseSwitch(text).value());
  EXPECT_EQ(ParseSwitch("maybe").status().message(),
            "is neither true nor false; write true or false");
}

TEST(NearestName, FindsATypingErrorAndNothingFarAway) {
  const absl::string_view names[] = {"listen", "log-level", "drain-timeout"};
  EXPECT_EQ(NearestName("listn", names), "listen");
  EXPECT_EQ(NearestName("log_level", names), "log-level");
  EXPECT_EQ(NearestName("drain-timout", names), "drain-timeout");
  EXPECT_EQ(NearestName("quota", names), "");
}

}  // namespace
}  // namespace mutexd::app
