#include "service/authz/policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/authz/glob.h"

namespace mutexd::authz {
namespace {

// What one limit says of one fact.
template <typename Limits, typename Fact, typename Fits>
Cover CoverOf(const Limits& limits, const std::optional<Fact>& fact, Fits fits) {
  if (limits.empty()) return Cover::kYes;
  if (!fact) return Cover::kUnsaid;
  return std::any_of(limits.begin(), limits.end(),
                     [&](const auto& limit) { return fits(limit, *fact); })
             ? Cover::kYes
             : Cover::kNo;
}

}  // namespace

bool Rule::Names(const Principal& caller) const {
  return std::any_of(principals.begin(), principals.end(),
                     [&](const PrincipalName& pattern) { return Matches(pattern, caller); });
}

bool Rule::Gives(const Rpc& rpc) const {
  return std::find(rpcs.begin(), rpcs.end(), &rpc) != rpcs.end();
}

bool Rule::IsLimitedFor(const Rpc& rpc) const {
  return rpc.is_write && (!group_keys.empty() || !project_ids.empty());
}

Cover Rule::Covers(const GroupFacts& group) const {
  const Cover key = CoverOf(group_keys, group.key, GlobMatches);
  const Cover project = CoverOf(project_ids, group.project_id, std::equal_to<>());
  if (key == Cover::kNo || project == Cover::kNo) return Cover::kNo;
  return key == Cover::kYes && project == Cover::kYes ? Cover::kYes : Cover::kUnsaid;
}

std::string Rule::Limits() const {
  std::string text;
  if (!group_keys.empty()) {
    text = absl::StrCat("groups with a key ", absl::StrJoin(group_keys, " or "));
  }
  if (!project_ids.empty()) {
    absl::StrAppend(&text, text.empty() ? "groups" : "", " in project ",
                    absl::StrJoin(project_ids, " or "));
  }
  return text;
}

Grant Policy::GrantOf(const Principal& caller, const Rpc& rpc) const {
  Grant grant;
  for (const Rule& rule : rules_) {
    if (!rule.Gives(rpc) || !rule.Names(caller)) continue;
    if (!rule.IsLimitedFor(rpc)) return {&rule, {}};
    grant.limited.push_back(&rule);
  }
  return grant;
}

bool Policy::MayRead(const Principal& caller) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return rule.Names(caller) && std::any_of(rule.rpcs.begin(), rule.rpcs.end(),
                                             [](const Rpc* rpc) { return !rpc->is_write; });
  });
}

bool Policy::Knows(const Principal& caller) const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [&](const Rule& rule) { return rule.Names(caller); });
}

}  // namespace mutexd::authz
