#include "client/cpp/mutexctl/terminal.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace mutexgroups::ctl {
namespace {

constexpr Streams kAllTerminals = {true, true, true, 120};

Terminal Detect(const Streams& streams, const std::map<std::string, std::string>& environment) {
  return DetectTerminal(streams, [&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

TEST(Terminal, ColoursATerminal) { EXPECT_TRUE(Detect(kAllTerminals, {}).style.colour); }

TEST(Terminal, DoesNotColourPipesDumbTerminalsOrWhereNoColorIsSet) {
  EXPECT_FALSE(Detect({}, {}).style.colour);
  EXPECT_FALSE(Detect(kAllTerminals, {{"TERM", "dumb"}}).style.colour);
  EXPECT_FALSE(Detect(kAllTerminals, {{"NO_COLOR", "1"}}).style.colour);
  EXPECT_TRUE(Detect(kAllTerminals, {{"NO_COLOR", ""}}).style.colour);
}

TEST(Terminal, FindsUnicodeInTheFirstLocaleThatIsSet) {
  EXPECT_FALSE(Detect({}, {}).style.unicode);
  EXPECT_TRUE(Detect({}, {{"LANG", "de_CH.UTF-8"}}).style.unicode);
  EXPECT_TRUE(Detect({}, {{"LC_CTYPE", "C.utf8"}, {"LANG", "C"}}).style.unicode);
  EXPECT_FALSE(Detect({}, {{"LC_ALL", "C"}, {"LANG", "C.UTF-8"}}).style.unicode);
}

TEST(Terminal, TakesItsWidthFromTheTerminalThenColumns) {
  EXPECT_EQ(Detect(kAllTerminals, {{"COLUMNS", "50"}}).width, 120);
  EXPECT_EQ(Detect({}, {{"COLUMNS", "50"}}).width, 50);
  EXPECT_EQ(Detect({}, {{"COLUMNS", "wide"}}).width, 80);
  EXPECT_EQ(Detect({}, {}).width, 80);
  EXPECT_EQ(Detect({}, {{"COLUMNS", "5"}}).width, 40);
}

TEST(Terminal, CanAskWhereInputAndErrorAreTerminals) {
  EXPECT_TRUE(Detect({true, false, true, 0}, {}).can_ask);
  EXPECT_FALSE(Detect({false, true, true, 0}, {}).can_ask);
  EXPECT_FALSE(Detect({true, true, false, 0}, {}).can_ask);
}

}  // namespace
}  // namespace mutexgroups::ctl
