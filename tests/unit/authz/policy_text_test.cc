#include "service/authz/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::authz {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::string> ProblemsOf(absl::string_view text) {
  return ParsePolicy(text, "p.toml").problems;
}

// A rule with this line besides those that it needs.
std::string RuleWith(absl::string_view line) {
  return "[[rule]]\nname = \"r\"\nprincipals = [\"*\"]\nallow = [\"write\"]\n" + std::string(line);
}

TEST(PolicyText, IsReadAsWritten) {
  const ParsedPolicy parsed = ParsePolicy(R"(
# Who may do what.
[[rule]]
name = "dashboards"
principals = ["spiffe://example.org/ns/dashboards/*", "listener:local"]
allow = ["read"]

[[rule]]
name = "checkout"
principals = ["dns:checkout.example.org"]
allow = ["UpdateSlot", "GetMutexGroup"]
group_keys = ["checkout-*"]
project_ids = [5678, 9]
)",
                                          "p.toml");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_THAT(parsed.warnings, IsEmpty());
  ASSERT_THAT(parsed.policy.rules(), SizeIs(2));
  const Rule& dashboards = parsed.policy.rules()[0];
  EXPECT_EQ(dashboards.name, "dashboards");
  EXPECT_EQ(dashboards.line, 3);
  EXPECT_THAT(dashboards.principals,
              ElementsAre(PrincipalName{PrincipalName::Kind::kSpiffe,
                                        "spiffe://example.org/ns/dashboards/*"},
                          PrincipalName{PrincipalName::Kind::kListener, "local"}));
  EXPECT_THAT(dashboards.rpcs, SizeIs(3));
  const Rule& checkout = parsed.policy.rules()[1];
  EXPECT_EQ(checkout.line, 8);
  EXPECT_THAT(checkout.rpcs, ElementsAre(FindRpc("GetMutexGroup"), FindRpc("UpdateSlot")));
  EXPECT_THAT(checkout.group_keys, ElementsAre("checkout-*"));
  EXPECT_THAT(checkout.project_ids, ElementsAre(5678, 9));
}

TEST(PolicyText, WriteMeansAllRpcsThatWrite) {
  const Policy policy = ParsePolicy(RuleWith(""), "p.toml").policy;
  for (const Rpc& rpc : Rpcs()) {
    EXPECT_EQ(policy.rules()[0].Gives(rpc), rpc.is_write) << rpc.name;
  }
}

TEST(PolicyText, WithoutRulesIsAWarning) {
  const ParsedPolicy parsed = ParsePolicy("# nothing yet\n", "p.toml");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("nobody may do anything")));
}

TEST(PolicyText, ProblemsNameTheLine) {
  EXPECT_THAT(ProblemsOf("[[rule]]\nname = \n"),
              ElementsAre(AllOf(StartsWith("p.toml:2: is not TOML"))));
  EXPECT_THAT(ProblemsOf("\nrules = 1\n"),
              ElementsAre(AllOf(StartsWith("p.toml:2: unknown key \"rules\""),
                                HasSubstr("begin each with [[rule]]"))));
  EXPECT_THAT(ProblemsOf("rule = 1"), ElementsAre(HasSubstr("is not a list of rules")));
  EXPECT_THAT(ProblemsOf(RuleWith("keys = [\"a\"]")),
              ElementsAre(AllOf(StartsWith("p.toml:5: unknown key \"keys\""),
                                HasSubstr("name, principals, allow, group_keys and project_ids"))));
}

TEST(PolicyText, AllProblemsAreToldAtOnce) {
  EXPECT_THAT(ProblemsOf("[[rule]]\nname = 1\nprincipals = [\"bob\", \"dns:\"]\nallow = [\n"
                         "\"read\",\n\"delete\"]\n"),
              ElementsAre(AllOf(StartsWith("p.toml:6:"), HasSubstr("called \"delete\"")),
                          AllOf(StartsWith("p.toml:2:"), HasSubstr("name is not a text")),
                          AllOf(StartsWith("p.toml:3:"), HasSubstr("\"bob\" does not say")),
                          AllOf(StartsWith("p.toml:3:"), HasSubstr("has no name"))));
}

TEST(PolicyText, ARuleNeedsNamePrincipalsAndAllow) {
  EXPECT_THAT(ProblemsOf("[[rule]]\n"),
              ElementsAre(HasSubstr("has no name"), HasSubstr("has no principals"),
                          HasSubstr("has no allow")));
}

TEST(PolicyText, AnEmptyListIsNotTakenForAll) {
  EXPECT_THAT(ProblemsOf(RuleWith("group_keys = []")), ElementsAre(HasSubstr("at least one")));
  EXPECT_THAT(ProblemsOf(RuleWith("project_ids = []")), ElementsAre(HasSubstr("at least one")));
  EXPECT_THAT(ProblemsOf(RuleWith("project_ids = [\"5678\"]")),
              ElementsAre(HasSubstr("without quotes")));
  EXPECT_THAT(ProblemsOf(RuleWith("project_ids = [0]")), ElementsAre(HasSubstr("positive")));
}

TEST(PolicyText, LimitsNeedAWrite) {
  EXPECT_THAT(ProblemsOf("[[rule]]\nname = \"r\"\nprincipals = [\"*\"]\nallow = [\"read\"]\n"
                         "group_keys = [\"a\"]\n"),
              ElementsAre(AllOf(StartsWith("p.toml:5:"), HasSubstr("allows no write"))));
}

TEST(PolicyText, RulesHaveNamesOfTheirOwn) {
  EXPECT_THAT(ProblemsOf(RuleWith("") + RuleWith("")),
              ElementsAre(AllOf(StartsWith("p.toml:6:"), HasSubstr("rule of line 1"))));
}

}  // namespace
}  // namespace mutexd::authz
