#include "service/rpc/access_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/amplitude/error.h"
#include "service/authz/rpcs.h"
#include "service/rpc/methods.h"
#include "tests/fakes/error_matcher.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

using absl::StatusCode;
using fakes::IsError;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr v1::ErrorReason kNotAllowed = v1::ERROR_REASON_CALLER_NOT_ALLOWED;
constexpr v1::ErrorReason kNotAuthenticated = v1::ERROR_REASON_CALLER_NOT_AUTHENTICATED;

authz::Rule RuleFor(absl::string_view principal, std::vector<const char*> rpcs) {
  authz::Rule rule{.name = "rule", .principals = {authz::ParsePrincipalPattern(principal).value()}};
  for (const char* rpc : rpcs) rule.rpcs.push_back(authz::FindRpc(rpc));
  return rule;
}

std::shared_ptr<const authz::Policy> PolicyOf(std::vector<authz::Rule> rules) {
  return std::make_shared<const authz::Policy>(std::move(rules));
}

IncomingCall CallOf(absl::string_view method, CallerIdentity caller = {}) {
  IncomingCall incoming;
  for (const RpcMethod& each : Methods()) {
    if (each.name == method) incoming.method = &each;
  }
  incoming.caller = std::move(caller);
  incoming.confidential = true;
  return incoming;
}

const CallerIdentity kWeb{.spiffe_id = "spiffe://example.org/web"};

class AccessControlTest : public ::testing::Test {
 protected:
  absl::Status Admit(const AccessControl& access, const IncomingCall& incoming) {
    call = {};
    call.caller = incoming.caller.Name();
    return access.Admit(incoming, call);
  }

  amplitude::Call call;
};

TEST_F(AccessControlTest, WithoutAPolicyEverybodyMayDoEverything) {
  const AccessControl access({}, nullptr);
  for (const RpcMethod& method : Methods()) EXPECT_TRUE(Admit(access, CallOf(method.name)).ok());
}

TEST_F(AccessControlTest, APolicyWithoutRulesDeniesEverything) {
  const AccessControl access({}, PolicyOf({}));
  for (const RpcMethod& method : Methods()) {
    EXPECT_THAT(Admit(access, CallOf(method.name, kWeb)),
                IsError(StatusCode::kPermissionDenied, kNotAllowed));
  }
}

TEST_F(AccessControlTest, DenialSaysWhatIsMissing) {
  const AccessControl access({}, PolicyOf({RuleFor("*", {"GetMutexGroup"})}));
  EXPECT_TRUE(Admit(access, CallOf("GetMutexGroup", kWeb)).ok());
  const absl::Status denied = Admit(access, CallOf("UpdateSlot", kWeb));
  EXPECT_THAT(denied, IsError(StatusCode::kPermissionDenied, kNotAllowed));
  EXPECT_EQ(denied.message(),
            "caller 'spiffe://example.org/web' may not UpdateSlot: no rule gives it write");
}

TEST_F(AccessControlTest, AnonymousCallersAreAskedWhoTheyAre) {
  const AccessControl access(
      {}, PolicyOf({RuleFor("*", {"GetMutexGroup"}), RuleFor("anonymous", {"ListMutexGroups"})}));
  EXPECT_THAT(Admit(access, CallOf("GetMutexGroup")),
              IsError(StatusCode::kUnauthenticated, kNotAuthenticated));
  EXPECT_TRUE(Admit(access, CallOf("ListMutexGroups")).ok());
}

TEST_F(AccessControlTest, LimitedWritesAreGuarded) {
  authz::Rule rule = RuleFor("*", {"UpdateSlot"});
  rule.group_keys = {"checkout-*"};
  const AccessControl access({}, PolicyOf({rule}));
  EXPECT_TRUE(Admit(access, CallOf("UpdateSlot", kWeb)).ok());
  ASSERT_NE(call.write_guard, nullptr);
  EXPECT_TRUE(call.write_guard->Allows("checkout-eu", 1));
  EXPECT_FALSE(call.write_guard->Allows("search", 1));
  EXPECT_FALSE(call.write_guard->MayRead());
  const absl::Status denial = call.write_guard->Denial("this mutex group");
  EXPECT_THAT(denial, IsError(StatusCode::kPermissionDenied, kNotAllowed));
  EXPECT_EQ(denial.message(),
            "caller 'spiffe://example.org/web' may not UpdateSlot: no rule gives it write for this "
            "mutex group");
}

TEST_F(AccessControlTest, AWriteUnderWayKeepsItsPolicy) {
  authz::Rule rule = RuleFor("*", {"UpdateSlot"});
  rule.project_ids = {5};
  AccessControl access({}, PolicyOf({rule}));
  EXPECT_TRUE(Admit(access, CallOf("UpdateSlot", kWeb)).ok());
  access.SetPolicy(PolicyOf({}));
  EXPECT_TRUE(call.write_guard->Allows("any", 5));
  EXPECT_FALSE(Admit(access, CallOf("UpdateSlot", kWeb)).ok());
}

TEST_F(AccessControlTest, ReadOnlyRefusesAllWrites) {
  const AccessControl access({.read_only = true},
                             PolicyOf({RuleFor("*", {"GetMutexGroup", "UpdateSlot"})}));
  EXPECT_TRUE(Admit(access, CallOf("GetMutexGroup", kWeb)).ok());
  const absl::Status refused = Admit(access, CallOf("UpdateSlot", kWeb));
  EXPECT_THAT(refused, IsError(StatusCode::kPermissionDenied, kNotAllowed));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--read-only"));
  const AccessControl open({.read_only = true}, nullptr);
  for (const RpcMethod& method : Methods()) {
    EXPECT_EQ(Admit(open, CallOf(method.name)).ok(), !method.is_write()) << method.name;
  }
}

TEST_F(AccessControlTest, TakesTheKeyOfTheCaller) {
  const AccessControl access({.caller_keys = true}, nullptr);
  IncomingCall incoming = CallOf("GetMutexGroup");
  incoming.management_key = "ampex_callers";
  ASSERT_TRUE(Admit(access, incoming).ok());
  ASSERT_NE(call.credential, nullptr);
  EXPECT_EQ(call.credential->management_key, "ampex_callers");
  EXPECT_TRUE(call.credential->from_caller);
}

TEST_F(AccessControlTest, LeavesTheKeyOfTheCallerWhereItIsNotWanted) {
  const AccessControl access({}, nullptr);
  IncomingCall incoming = CallOf("GetMutexGroup");
  incoming.management_key = "ampex_callers";
  ASSERT_TRUE(Admit(access, incoming).ok());
  EXPECT_EQ(call.credential, nullptr);
}

TEST_F(AccessControlTest, AKeyMustComeSafeAndWhole) {
  const AccessControl access({.caller_keys = true}, nullptr);
  const std::pair<std::string, const char*> bad[] = {
      {"", "send yours in the metadata x-amplitude-management-key"},
      {"ampex two", "has spaces"},
      {"ampex_\x7f", "control characters"},
      {"ampex_\xc3\xa9", "control characters"},
      {std::string(513, 'k'), "longer than 512"}};
  for (const auto& [key, problem] : bad) {
    IncomingCall incoming = CallOf("GetMutexGroup");
    incoming.management_key = key;
    const absl::Status status = Admit(access, incoming);
    EXPECT_THAT(status, IsError(StatusCode::kUnauthenticated, kNotAuthenticated)) << key;
    EXPECT_THAT(std::string(status.message()), HasSubstr(problem));
    if (!key.empty()) {
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr(key)));
    }
    EXPECT_EQ(call.credential, nullptr);
  }
  IncomingCall open = CallOf("GetMutexGroup");
  open.management_key = "ampex_callers";
  open.confidential = false;
  const absl::Status status = Admit(access, open);
  EXPECT_THAT(status, IsError(StatusCode::kUnauthenticated, kNotAuthenticated));
  EXPECT_THAT(std::string(status.message()), HasSubstr("not encrypted"));
}

TEST_F(AccessControlTest, PolicyStandsBeforeTheKey) {
  const AccessControl access({.caller_keys = true}, PolicyOf({}));
  EXPECT_THAT(Admit(access, CallOf("GetMutexGroup", kWeb)),
              IsError(StatusCode::kPermissionDenied, kNotAllowed));
}

TEST(AccessControl, ThePolicyKnowsEveryRpcAsItIs) {
  ASSERT_EQ(authz::Rpcs().size(), Methods().size());
  for (std::size_t i = 0; i < Methods().size(); ++i) {
    EXPECT_EQ(authz::Rpcs()[i].name, Methods()[i].name);
    EXPECT_EQ(authz::Rpcs()[i].is_write, Methods()[i].is_write()) << Methods()[i].name;
  }
}

}  // namespace
}  // namespace mutexd::rpc
