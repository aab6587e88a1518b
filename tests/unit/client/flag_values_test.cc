#include "client/cpp/mutexctl/flag_values.h"

#include <gmock/gmock.h>

namespace mutexgroups::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FlagValues, IdsAreDecimalAndOverZero) {
  EXPECT_EQ(ParseId("123"), 123);
  EXPECT_EQ(ParseId("010"), 10);
  EXPECT_EQ(ParseId("9223372036854775807"), 9223372036854775807);
  for (const char* text : {"", "0", "-1", "x", "1x", "0x10", "1e3", "9223372036854775808"}) {
    EXPECT_EQ(ParseId(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParsePosition("20"), 20);
  EXPECT_EQ(ParsePosition("0"), std::nullopt);
  EXPECT_EQ(ParsePosition("3000000000"), std::nullopt);
}

TEST(FlagValues, DurationsAreFromZeroToAnHour) {
  using std::chrono::milliseconds;
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("10s"), milliseconds(10000));
  EXPECT_EQ(ParseDuration("5m"), milliseconds(300000));
  EXPECT_EQ(ParseDuration("0s"), milliseconds(0));
  for (const char* text : {"", "10", "-1s", "2h", "inf", "soon"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(FlagValues, SlotsHaveAShareAndMembers) {
  const auto slot = ParseSlot("40%,experiment=1,experiment=2,holdout=3,individual=a=b");
  ASSERT_TRUE(slot.ok()) << slot.status();
  EXPECT_EQ(slot->percentage(), 40);
  EXPECT_THAT(slot->experiment_ids(), ElementsAre(1, 2));
  EXPECT_THAT(slot->holdout_ids(), ElementsAre(3));
  EXPECT_THAT(slot->individuals(), ElementsAre("a=b"));
  EXPECT_EQ(ParseSlot("60")->percentage(), 60);
}

TEST(FlagValues, SlotsThatAreWrongSayWhere) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "begins with its percentage"},
      {"x", "\"x\": a slot begins with its percentage"},
      {"experiment=1", "begins with its percentage"},
      {"40,experiment=x", "\"experiment=x\": an id is a whole number"},
      {"40,holdout=0", "\"holdout=0\": an id is a whole number"},
      {"40,individual=", "the individual is empty"},
      {"40,user=1", "\"user=1\": write experiment=ID, holdout=ID or individual=ID"},
      {"40,", "\"\": write experiment=ID"},
  };
  for (const auto& [text, problem] : kCases) {
    EXPECT_THAT(std::string(ParseSlot(text).status().message()), HasSubstr(problem)) << text;
  }
}

}  // namespace
}  // namespace mutexgroups::ctl
