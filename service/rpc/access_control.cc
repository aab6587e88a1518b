#include "service/rpc/access_control.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/rpc/caller_key.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

absl::Status NotAllowed(absl::string_view message) {
  return amplitude::MakeError(absl::StatusCode::kPermissionDenied,
                              v1::ERROR_REASON_CALLER_NOT_ALLOWED, message);
}

absl::Status NotAuthenticated(absl::string_view message) {
  return amplitude::MakeError(absl::StatusCode::kUnauthenticated,
                              v1::ERROR_REASON_CALLER_NOT_AUTHENTICATED, message);
}

authz::Principal PrincipalOf(const CallerIdentity& caller) {
  return {.spiffe_id = caller.spiffe_id,
          .dns_names = caller.dns_names,
          .subject = caller.subject,
          .listener = caller.listener};
}

// "caller 'spiffe://example.org/web' may not UpdateSlot".
std::string MayNot(const std::string& caller, const authz::Rpc& rpc) {
  return caller.empty() ? absl::StrCat("an anonymous caller may not ", rpc.name)
                        : absl::StrCat("caller '", caller, "' may not ", rpc.name);
}

// A write that its rules limit to some groups.
class LimitedWrite final : public amplitude::WriteGuard {
 public:
  LimitedWrite(std::shared_ptr<const authz::Policy> policy, std::vector<const authz::Rule*> rules,
               bool may_read, std::string caller, const authz::Rpc& rpc)
      : policy_(std::move(policy)),
        rules_(std::move(rules)),
        may_read_(may_read),
        caller_(std::move(caller)),
        rpc_(rpc) {}

  bool Allows(absl::string_view key, std::int64_t project_id) const override {
    return std::any_of(rules_.begin(), rules_.end(), [&](const authz::Rule* rule) {
      return rule->Covers({.key = key, .project_id = project_id}) == authz::Cover::kYes;
    });
  }

  bool MayRead() const override { return may_read_; }

  absl::Status Denial(absl::string_view group) const override {
    return NotAllowed(absl::StrCat(MayNot(caller_, rpc_), ": no rule gives it write for ", group));
  }

 private:
  const std::shared_ptr<const authz::Policy> policy_;  // has the rules
  const std::vector<const authz::Rule*> rules_;
  const bool may_read_;
  const std::string caller_;
  const authz::Rpc& rpc_;
};

}  // namespace

absl::Status AccessControl::Admit(const IncomingCall& incoming, amplitude::Call& call) const {
  if (policy_ != nullptr) {
    absl::Status allowed = AskPolicy(incoming, call);
    if (!allowed.ok()) return allowed;
  }
  if (options_.read_only && incoming.method->is_write()) {
    return NotAllowed(
        absl::StrCat("the service is read-only (--read-only): nobody may ", incoming.method->name));
  }
  if (!options_.caller_keys) return absl::OkStatus();
  auto key = CallerKey(incoming.management_key, incoming.confidential);
  if (!key.ok()) return NotAuthenticated(key.status().message());
  call.credential = *std::move(key);
  return absl::OkStatus();
}

absl::Status AccessControl::AskPolicy(const IncomingCall& incoming, amplitude::Call& call) const {
  const authz::Rpc* rpc = authz::FindRpc(incoming.method->name);
  const authz::Principal caller = PrincipalOf(incoming.caller);
  authz::Grant grant = rpc == nullptr ? authz::Grant() : policy_->GrantOf(caller, *rpc);
  if (grant.unlimited != nullptr) return absl::OkStatus();
  if (!grant.limited.empty()) {
    call.write_guard = std::make_shared<const LimitedWrite>(
        policy_, std::move(grant.limited), policy_->MayRead(caller), call.caller, *rpc);
    return absl::OkStatus();
  }
  if (rpc == nullptr) return NotAllowed("the policy does not know the RPC");
  if (caller.anonymous()) {
    return NotAuthenticated(
        absl::StrCat(MayNot("", *rpc), ": the policy asks who calls; connect with a client ",
                     "certificate, or by a listener whose callers have a name"));
  }
  return NotAllowed(
      absl::StrCat(MayNot(call.caller, *rpc), ": no rule gives it ", authz::KindOf(*rpc)));
}

}  // namespace mutexd::rpc
