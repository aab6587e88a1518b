#include "service/groups/member_lists.h"

#include <optional>
#include <set>

namespace mutexd::groups {
namespace {

template <typename Value, typename List>
std::set<Value> AsSet(const List& list) {
  return std::set<Value>(list.begin(), list.end());
}

template <typename Value, typename List>
std::optional<std::vector<Value>> Union(const List& list, const std::vector<Value>& added) {
  std::set<Value> present = AsSet<Value>(list);
  std::vector<Value> all(list.begin(), list.end());
  for (const Value& value : added) {
    if (present.insert(value).second) all.push_back(value);
  }
  if (all.size() == static_cast<std::size_t>(list.size())) return std::nullopt;
  return all;
}

template <typename Value, typename List>
std::optional<std::vector<Value>> Difference(const List& list, const std::vector<Value>& removed) {
  const std::set<Value> gone = AsSet<Value>(removed);
  std::vector<Value> rest;
  for (const Value& value : list) {
    if (!gone.contains(value)) rest.push_back(value);
  }
  if (rest.size() == static_cast<std::size_t>(list.size())) return std::nullopt;
  return rest;
}

template <typename Value, typename List>
bool HoldsList(const List& list, const std::optional<std::vector<Value>>& asked) {
  return !asked || AsSet<Value>(list) == AsSet<Value>(*asked);
}

template <typename Value, typename List>
void Replace(const std::optional<std::vector<Value>>& asked, List* list) {
  if (asked) *list = List(asked->begin(), asked->end());
}

}  // namespace

amplitude::SlotEdit Adding(const v1::Slot& slot, const Members& members) {
  return {.experiment_ids = Union(slot.experiment_ids(), members.experiment_ids),
          .holdout_ids = Union(slot.holdout_ids(), members.holdout_ids),
          .individuals = Union(slot.individuals(), members.individuals)};
}

amplitude::SlotEdit Removing(const v1::Slot& slot, const Members& members) {
  return {.experiment_ids = Difference(slot.experiment_ids(), members.experiment_ids),
          .holdout_ids = Difference(slot.holdout_ids(), members.holdout_ids),
          .individuals = Difference(slot.individuals(), members.individuals)};
}

bool IsEmpty(const amplitude::SlotEdit& edit) {
  return !edit.experiment_ids && !edit.holdout_ids && !edit.individuals;
}

bool Holds(const v1::Slot& slot, const amplitude::SlotEdit& edit) {
  return HoldsList(slot.experiment_ids(), edit.experiment_ids) &&
         HoldsList(slot.holdout_ids(), edit.holdout_ids) &&
         HoldsList(slot.individuals(), edit.individuals);
}

void Apply(const amplitude::SlotEdit& edit, v1::Slot& slot) {
  Replace(edit.experiment_ids, slot.mutable_experiment_ids());
  Replace(edit.holdout_ids, slot.mutable_holdout_ids());
  Replace(edit.individuals, slot.mutable_individuals());
}

bool SameMembers(const v1::Slot& one, const v1::Slot& other) {
  return AsSet<std::int64_t>(one.experiment_ids()) == AsSet<std::int64_t>(other.experiment_ids()) &&
         AsSet<std::int64_t>(one.holdout_ids()) == AsSet<std::int64_t>(other.holdout_ids()) &&
         AsSet<std::string>(one.individuals()) == AsSet<std::string>(other.individuals());
}

}  // namespace mutexd::groups
