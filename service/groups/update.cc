#include "service/groups/update.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/groups/field_masks.h"
#include "service/groups/member_lists.h"
#include "service/groups/write_settlement.h"

namespace mutexd::groups {
namespace {

using amplitude::FieldViolation;
using amplitude::GroupEdit;

bool Holds(const v1::MutexGroup& group, const GroupEdit& edit) {
  return (!edit.name || group.name() == *edit.name) &&
         (!edit.description || group.description() == *edit.description);
}

void Apply(const GroupEdit& edit, v1::MutexGroup& group) {
  if (edit.name) group.set_name(*edit.name);
  if (edit.description) group.set_description(*edit.description);
}

bool SameSlots(const v1::MutexGroup& asked, const v1::MutexGroup& held) {
  if (asked.slots_size() != held.slots_size()) return false;
  for (int i = 0; i < asked.slots_size(); ++i) {
    const bool index_set = asked.slots(i).index() != 0;
    if (index_set && asked.slots(i).index() != held.slots(i).index()) return false;
    if (asked.slots(i).percentage() != held.slots(i).percentage()) return false;
    if (!SameMembers(asked.slots(i), held.slots(i))) return false;
  }
  return true;
}

// Fields that are set although they cannot change, and differ from what Amplitude holds.
std::vector<FieldViolation> ImmutableDifferences(const v1::MutexGroup& asked,
                                                 const v1::MutexGroup& held) {
  std::vector<FieldViolation> violations;
  const auto compare = [&violations](absl::string_view field, bool set, const auto& wanted,
                                     const auto& actual) {
    if (!set || wanted == actual) return;
    violations.push_back({absl::StrCat("mutex_group.", field),
                          absl::StrCat("cannot change after creation: it is '", actual,
                                       "'; leave it out or send that")});
  };
  compare("project_id", asked.project_id() != 0, asked.project_id(), held.project_id());
  compare("key", !asked.key().empty(), asked.key(), held.key());
  compare("evaluation_mode", asked.evaluation_mode() != v1::EVALUATION_MODE_UNSPECIFIED,
          v1::EvaluationMode_Name(asked.evaluation_mode()),
          v1::EvaluationMode_Name(held.evaluation_mode()));
  compare("bucketing_key", !asked.bucketing_key().empty(), asked.bucketing_key(),
          held.bucketing_key());
  compare("bucketing_salt", !asked.bucketing_salt().empty(), asked.bucketing_salt(),
          held.bucketing_salt());
  if (!asked.slots().empty() && !SameSlots(asked, held)) {
    violations.push_back({"mutex_group.slots",
                          "differ from what Amplitude holds, and UpdateMutexGroup does not change "
                          "them: use UpdateSlot, AddSlotMembers, RemoveSlotMembers or "
                          "MoveSlotMembers; their number and percentages are fixed"});
  }
  return violations;
}

asio::awaitable<absl::StatusOr<GroupPtr>> Update(Gateway& gateway, amplitude::Call& call,
                                                 const v1::UpdateMutexGroupRequest& request) {
  const v1::MutexGroup& asked = request.mutex_group();
  absl::StatusOr<WriteTurn> turn = co_await BeginWrite(gateway, call, asked.id(), request.etag());
  if (!turn.ok()) co_return std::move(turn).status();
  const GroupPtr before = turn->before;
  std::vector<FieldViolation> violations = ImmutableDifferences(asked, *before->group);
  const GroupMask mask = ReadGroupMask(request.update_mask(), asked, violations);
  if (!violations.empty()) co_return amplitude::InvalidRequest(violations);

  GroupEdit edit;
  if (mask.name) edit.name = asked.name();
  if (mask.description) edit.description = asked.description();
  if (Holds(*before->group, edit)) co_return before;
  if (request.validate_only()) {
    co_return ChangedCopy(*before, [&edit](v1::MutexGroup& group) { Apply(edit, group); });
  }
  WriteGoal goal = GoalThat(before, [edit](const v1::MutexGroup& now) { return Holds(now, edit); });
  goal.send = [&] { return gateway.amplitude.Edit(call, asked.id(), edit); };
  co_return co_await Write(gateway, call, asked.id(), std::move(goal));
}

}  // namespace

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::UpdateMutexGroupResponse>>> UpdateGroup(
    Gateway& gateway, amplitude::Call& call, const v1::UpdateMutexGroupRequest& request) {
  absl::StatusOr<GroupPtr> group = co_await Update(gateway, call, request);
  co_return WriteReply<v1::UpdateMutexGroupResponse>(gateway, call, std::move(group));
}

}  // namespace mutexd::groups
