// Decides whether a call may be made: by the policy, by --read-only, and by the key that it brings.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "service/amplitude/call.h"
#include "service/authz/policy.h"
#include "service/rpc/call_runner.h"

namespace mutexd::rpc {

// On the event loop.
class AccessControl {
 public:
  struct Options {
    bool read_only = false;    // no writes, whoever asks for them
    bool caller_keys = false;  // the management key comes with each call
  };

  // `policy` is null where there is none: then everybody may do everything.
  AccessControl(Options options, std::shared_ptr<const authz::Policy> policy)
      : options_(options), policy_(std::move(policy)) {}

  // Any thread.
  bool wants_caller_keys() const { return options_.caller_keys; }

  // For the calls that arrive from now on; those under way keep theirs.
  void SetPolicy(std::shared_ptr<const authz::Policy> policy) { policy_ = std::move(policy); }

  // OK when the call may be made, as far as that can be told before Amplitude is asked; then `call`
  // has what follows: the caller's key, and, where it depends on the group, the guard of its write.
  // Otherwise UNAUTHENTICATED/CALLER_NOT_AUTHENTICATED for a caller that would have to say who it
  // is, or to bring a key, and PERMISSION_DENIED/CALLER_NOT_ALLOWED for all others.
  absl::Status Admit(const IncomingCall& incoming, amplitude::Call& call) const;

 private:
  absl::Status AskPolicy(const IncomingCall& incoming, amplitude::Call& call) const;

  const Options options_;
  std::shared_ptr<const authz::Policy> policy_;
};

}  // namespace mutexd::rpc
