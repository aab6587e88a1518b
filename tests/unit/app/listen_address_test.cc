#include "service/app/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

TEST(ListenAddress, IsReadAndWrittenAlike) {
  for (const char* text : {"127.0.0.1:50051", "[::1]:0", "[fe80::1%eth0]:1", "localhost:8080",
                           "0.0.0.0:65535", "unix:/run/mutexd.sock", "unix:relative.sock"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << text << ": " << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(ListenAddress, ShowsThePortThatTheSystemChose) {
  EXPECT_EQ(ParseListenAddress("[::1]:0")->ToString(43123), "[::1]:43123");
  EXPECT_EQ(ParseListenAddress("127.0.0.1:0")->ToString(43123), "127.0.0.1:43123");
  EXPECT_EQ(ParseListenAddress("unix:/a")->ToString(43123), "unix:/a");
}

TEST(ListenAddress, SaysWhatIsWrongAndHowToWriteIt) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "the port is missing"},
      {"50051", "the port is missing"},
      {":50051", "the host is missing"},
      {"127.0.0.1:", "the port must be a number from 0 to 65535"},
      {"127.0.0.1:65536", "the port must be a number from 0 to 65535"},
      {"127.0.0.1:-1", "the port must be a number from 0 to 65535"},
      {"127.0.0.1:http", "the port must be a number from 0 to 65535"},
      {"::1:50051", "an IPv6 address must stand in brackets"},
      {"[::1:50051", "the closing ] of the IPv6 address is missing"},
      {"[127.0.0.1]:1", "what stands in brackets is not an IPv6 address"},
      {"[::zz]:1", "what stands in brackets is not an IPv6 address"},
      {"a,b:1", "the host is neither an address nor a name"},
      {"http://x:1", "an IPv6 address must stand in brackets"},
      {"unix:", "the path of the unix socket is missing"},
  };
  for (const auto& [text, what] : kCases) {
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(what)) << text;
    EXPECT_THAT(std::string(address.status().message()),
                HasSubstr("; write it as 127.0.0.1:50051, [::1]:50051 or unix:/run/mutexd.sock"))
        << text;
  }
}

TEST(ListenAddress, LimitsThePathToWhatTheSystemTakes) {
  EXPECT_TRUE(ParseListenAddress("unix:" + std::string(107, 'x')).ok());
  EXPECT_THAT(std::string(ParseListenAddress("unix:" + std::string(108, 'x')).status().message()),
              HasSubstr("at most 107 bytes"));
}

TEST(LoopbackHost, IsThisMachineOnly) {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.3", "::1"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"", "0.0.0.0", "::", "127.0.0.1.example.com", "127.example.com",
                           "128.0.0.1", "localhost.example.com", "::ffff:127.0.0.1"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

}  // namespace
}  // namespace mutexd::app
