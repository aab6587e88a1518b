// policy check, on the real binary.
#include <gmock/gmock.h>

#include "tests/unit/client/mutexctl_process.h"

namespace mutexgroups {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPolicy[] = R"([[rule]]
name = "all read"
principals = ["*"]
allow = ["read"]

[[rule]]
name = "checkout"
principals = ["dns:*.checkout.example.org"]
allow = ["UpdateSlot"]
group_keys = ["checkout-*"]
project_ids = [5678]
)";

Outcome Check(std::vector<std::string> arguments, const std::string& policy = kPolicy) {
  arguments.insert(arguments.begin(), {"policy", "check", "-f", "-"});
  return RunMutexctl({.arguments = std::move(arguments), .input = policy});
}

TEST(MutexctlPolicy, ShowsEveryRpcAndTheRuleThatDecides) {
  const auto outcome = Check({"--principal", "dns:web.checkout.example.org"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(
      outcome.out,
      AllOf(HasSubstr("GetMutexGroup        yes      all read  every group"),
            HasSubstr("UpdateSlot           some     checkout  groups with a key checkout-* "
                      "in project 5678"),
            HasSubstr("CreateMutexGroup     no       -         no rule gives it write")));
}

TEST(MutexctlPolicy, TheExitCodeTellsTheAnswer) {
  const std::vector<std::string> update = {"--principal", "dns:web.checkout.example.org", "--rpc",
                                           "UpdateSlot"};
  const auto with = [&update](std::vector<std::string> more) {
    more.insert(more.begin(), update.begin(), update.end());
    return Check(std::move(more));
  };
  EXPECT_EQ(with({}).exit_code, 0) << "for some groups";
  EXPECT_EQ(with({"--group-key", "checkout-eu", "--project", "5678"}).exit_code, 0);
  EXPECT_THAT(with({"--group-key", "checkout-eu", "--project", "5678"}).out, HasSubstr("yes"));
  EXPECT_THAT(with({"--group-key", "checkout-eu"}).out, HasSubstr("some"));
  const auto denied = with({"--group-key", "search"});
  EXPECT_EQ(denied.exit_code, 1);
  EXPECT_THAT(denied.out, HasSubstr("no rule covers the group"));
  EXPECT_EQ(with({"--project", "9"}).exit_code, 1);
}

TEST(MutexctlPolicy, AnonymousCallersMatchNoStar) {
  const auto outcome = Check({"--principal", "anonymous"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("no rule names the caller"), Not(HasSubstr("yes"))));
}

TEST(MutexctlPolicy, ACallerMayHaveSeveralNames) {
  const auto outcome = Check({"--principal", "listener:local", "--principal",
                              "dns:web.checkout.example.org", "--rpc", "UpdateSlot"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST(MutexctlPolicy, PrintsDocuments) {
  const auto json =
      Check({"--principal", "listener:local", "--rpc", "GetMutexGroup", "-o", "json"});
  EXPECT_EQ(json.exit_code, 0);
  EXPECT_THAT(json.out,
              AllOf(HasSubstr("\"rpc\": \"GetMutexGroup\""), HasSubstr("\"rule\": \"all read\"")));
  const auto yaml = Check({"--principal", "listener:local", "--rpc", "UpdateSlot", "-o", "yaml"});
  EXPECT_EQ(yaml.exit_code, 1);
  EXPECT_THAT(yaml.out, HasSubstr("reason: no rule gives it write"));
}

TEST(MutexctlPolicy, TellsAllMistakesOfThePolicyWithTheirLines) {
  const auto outcome = Check({"--principal", "anonymous"}, "[[rule]]\nname = 1\nkeys = 2\n");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("-:2: name is not a text"), HasSubstr("-:3: unknown key \"keys\"")));
}

TEST(MutexctlPolicy, MistakesOfTheCommandLineAreTold) {
  EXPECT_THAT(Check({"--principal", "bob"}).err, HasSubstr("does not say which kind of name"));
  EXPECT_THAT(Check({"--principal", "*"}).err, HasSubstr("is a pattern"));
  EXPECT_EQ(Check({"--principal", "anonymous", "--principal", "dns:a"}).exit_code, 2);
  EXPECT_EQ(Check({"--principal", "anonymous", "--rpc", "Delete"}).exit_code, 2);
  EXPECT_EQ(Check({}).exit_code, 2);
  const auto missing = RunMutexctl(
      {.arguments = {"policy", "check", "-f", "/nowhere.toml", "--principal", "anonymous"}});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("/nowhere.toml cannot be read"));
}

}  // namespace
}  // namespace mutexgroups
