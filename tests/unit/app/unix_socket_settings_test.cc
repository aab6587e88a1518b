#include "service/app/unix_socket_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

TEST(UnixIdentities, NameAllSocketsOrOne) {
  const auto identities =
      ParseUnixIdentities({"local", "/run/a.sock=checkout", "unix:/run/b=c.sock=batch"});
  ASSERT_TRUE(identities.ok()) << identities.status();
  EXPECT_EQ(identities->Of("/run/other.sock"), "local");
  EXPECT_EQ(identities->Of("/run/a.sock"), "checkout");
  EXPECT_EQ(identities->Of("/run/b=c.sock"), "batch");
}

TEST(UnixIdentities, SocketsWithoutANameHaveTheDefault) {
  EXPECT_EQ(ParseUnixIdentities({"/run/a.sock=checkout"})->Of("/run/other.sock"), "unix");
}

TEST(UnixIdentities, SaysWhatIsWrong) {
  for (const auto& [text, problem] : std::map<std::string, std::string>{{"", "needs a name"},
                                                                        {"/a=", "needs a name"},
                                                                        {"=b", "has no path"},
                                                                        {"a b", "spaces"}}) {
    EXPECT_THAT(std::string(ParseUnixIdentities({text}).status().message()), HasSubstr(problem))
        << text;
  }
}

TEST(SocketMode, IsOctal) {
  EXPECT_EQ(*ParseSocketMode("0660"), 0660u);
  EXPECT_EQ(*ParseSocketMode("777"), 0777u);
  for (const char* bad : {"", "0o660", "888", "1777", "rw", "0444"}) {
    EXPECT_FALSE(ParseSocketMode(bad).ok()) << bad;
  }
}

TEST(Group, IsANameOrANumber) {
  EXPECT_EQ(*ParseGroup("0"), 0u);
  EXPECT_EQ(*ParseGroup("root"), 0u);
  EXPECT_EQ(*ParseGroup("12345"), 12345u);
  EXPECT_THAT(std::string(ParseGroup("no-such-group").status().message()), HasSubstr("no group"));
}

}  // namespace
}  // namespace mutexd::app
