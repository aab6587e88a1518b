#include "service/authz/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::authz {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Pointee;
using ::testing::SizeIs;

PrincipalName Pattern(absl::string_view text) { return ParsePrincipalPattern(text).value(); }

const Rpc& Named(absl::string_view name) { return *FindRpc(name); }

Rule RuleThat(std::string name, absl::string_view principal, std::vector<const char*> rpcs) {
  Rule rule{.name = std::move(name), .principals = {Pattern(principal)}};
  for (const char* rpc : rpcs) rule.rpcs.push_back(&Named(rpc));
  return rule;
}

const Principal kLocal{.listener = "local"};

TEST(Policy, WithoutRulesGivesNothing) {
  const Policy policy;
  for (const Rpc& rpc : Rpcs()) {
    EXPECT_FALSE(policy.GrantOf(kLocal, rpc).any()) << rpc.name;
    EXPECT_FALSE(policy.GrantOf(Principal{}, rpc).any()) << rpc.name;
  }
  EXPECT_FALSE(policy.MayRead(kLocal));
  EXPECT_FALSE(policy.Knows(kLocal));
}

TEST(Policy, GivesWhatARuleThatNamesTheCallerAllows) {
  const Policy policy({RuleThat("local lists", "listener:local", {"ListMutexGroups"})});
  EXPECT_EQ(policy.GrantOf(kLocal, Named("ListMutexGroups")).unlimited->name, "local lists");
  EXPECT_FALSE(policy.GrantOf(kLocal, Named("GetMutexGroup")).any());
  EXPECT_FALSE(policy.GrantOf(Principal{}, Named("ListMutexGroups")).any());
  EXPECT_TRUE(policy.MayRead(kLocal));
  EXPECT_TRUE(policy.Knows(kLocal));
  EXPECT_FALSE(policy.Knows(Principal{}));
}

TEST(Policy, LimitsApplyToWritesOnly) {
  Rule rule = RuleThat("mixed", "listener:local", {"GetMutexGroup", "UpdateSlot"});
  rule.group_keys = {"checkout-*"};
  const Policy policy({rule});
  EXPECT_NE(policy.GrantOf(kLocal, Named("GetMutexGroup")).unlimited, nullptr);
  const Grant grant = policy.GrantOf(kLocal, Named("UpdateSlot"));
  EXPECT_EQ(grant.unlimited, nullptr);
  EXPECT_THAT(grant.limited, ElementsAre(Pointee(Field(&Rule::name, "mixed"))));
}

TEST(Policy, ARuleWithoutLimitsBeatsThoseWithSome) {
  Rule limited = RuleThat("limited", "listener:local", {"UpdateSlot"});
  limited.project_ids = {5678};
  const Policy policy({limited, RuleThat("all", "*", {"UpdateSlot"})});
  EXPECT_EQ(policy.GrantOf(kLocal, Named("UpdateSlot")).unlimited->name, "all");
}

TEST(Policy, MayReadIsFalseForWhoOnlyWrites) {
  const Policy policy({RuleThat("writes", "listener:local", {"UpdateSlot"})});
  EXPECT_FALSE(policy.MayRead(kLocal));
  EXPECT_TRUE(policy.Knows(kLocal));
}

TEST(Rule, CoversGroupsThatFitAllItsLimits) {
  Rule rule;
  rule.group_keys = {"checkout-*", "cart"};
  rule.project_ids = {5678, 9};
  EXPECT_EQ(rule.Covers({"checkout-eu", 5678}), Cover::kYes);
  EXPECT_EQ(rule.Covers({"cart", 9}), Cover::kYes);
  EXPECT_EQ(rule.Covers({"cart", 10}), Cover::kNo);
  EXPECT_EQ(rule.Covers({"search", 9}), Cover::kNo);
  EXPECT_EQ(rule.Covers({"", 0}), Cover::kNo) << "a group that does not show what is limited";
}

TEST(Rule, CoverIsUnsaidWhereItDependsOnWhatIsLeftOpen) {
  Rule rule;
  rule.group_keys = {"cart"};
  rule.project_ids = {9};
  EXPECT_EQ(rule.Covers({}), Cover::kUnsaid);
  EXPECT_EQ(rule.Covers({.key = "cart"}), Cover::kUnsaid);
  EXPECT_EQ(rule.Covers({.key = "search"}), Cover::kNo);
  EXPECT_EQ(rule.Covers({.project_id = 8}), Cover::kNo);
}

TEST(Rule, TellsItsLimits) {
  Rule rule;
  EXPECT_EQ(rule.Limits(), "");
  rule.group_keys = {"checkout-*", "cart"};
  EXPECT_EQ(rule.Limits(), "groups with a key checkout-* or cart");
  rule.project_ids = {9};
  EXPECT_EQ(rule.Limits(), "groups with a key checkout-* or cart in project 9");
  rule.group_keys.clear();
  EXPECT_EQ(rule.Limits(), "groups in project 9");
}

}  // namespace
}  // namespace mutexd::authz
