// Who may do what: rules that allow, and nothing else is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/authz/principal.h"
#include "service/authz/rpcs.h"

namespace mutexd::authz {

// What is known of the group that a write is about. The service knows both; who asks what a policy
// means may leave them open.
struct GroupFacts {
  std::optional<absl::string_view> key;
  std::optional<std::int64_t> project_id;
};

enum class Cover { kNo, kYes, kUnsaid };  // kUnsaid: it depends on a fact that is left open

struct Rule {
  std::string name;
  int line = 0;  // where it begins in its file
  std::vector<PrincipalName> principals;
  std::vector<const Rpc*> rpcs;           // in the order of Rpcs()
  std::vector<std::string> group_keys;    // patterns; empty: any
  std::vector<std::int64_t> project_ids;  // empty: any

  bool Names(const Principal& caller) const;
  bool Gives(const Rpc& rpc) const;

  // Whether it gives the RPC for some groups only: no read is limited.
  bool IsLimitedFor(const Rpc& rpc) const;
  Cover Covers(const GroupFacts& group) const;

  // Its limits for people: "groups with a key checkout-* in project 5678"; "" without any.
  std::string Limits() const;
};

// What a caller may do with one RPC. Points into the policy.
struct Grant {
  const Rule* unlimited = nullptr;   // a rule that gives the RPC for every group
  std::vector<const Rule*> limited;  // otherwise, those that give it for some

  bool any() const { return unlimited != nullptr || !limited.empty(); }
};

class Policy {
 public:
  Policy() = default;
  explicit Policy(std::vector<Rule> rules) : rules_(std::move(rules)) {}

  const std::vector<Rule>& rules() const { return rules_; }

  Grant GrantOf(const Principal& caller, const Rpc& rpc) const;

  // Whether a rule gives the caller any RPC that reads: then it may know which groups exist.
  bool MayRead(const Principal& caller) const;

  // Whether any rule names the caller.
  bool Knows(const Principal& caller) const;

 private:
  std::vector<Rule> rules_;
};

}  // namespace mutexd::authz
