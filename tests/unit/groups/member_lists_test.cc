#include "service/groups/member_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::groups {
namespace {

using Ids = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

v1::Slot SlotWith(const Ids& experiments, const Texts& individuals = {}) {
  v1::Slot slot;
  slot.mutable_experiment_ids()->Assign(experiments.begin(), experiments.end());
  slot.mutable_individuals()->Assign(individuals.begin(), individuals.end());
  return slot;
}

TEST(MemberLists, AddingKeepsTheOrderAndNamesOnlyListsThatChange) {
  const amplitude::SlotEdit edit =
      Adding(SlotWith({3, 1}, {"a"}), {.experiment_ids = {2, 1}, .individuals = {"a"}});
  EXPECT_EQ(edit.experiment_ids, (Ids{3, 1, 2}));
  EXPECT_EQ(edit.holdout_ids, std::nullopt);
  EXPECT_EQ(edit.individuals, std::nullopt);
}

TEST(MemberLists, RemovingKeepsTheOrderAndNamesOnlyListsThatChange) {
  const amplitude::SlotEdit edit =
      Removing(SlotWith({3, 1, 2}, {"a", "b"}), {.experiment_ids = {1, 9}, .individuals = {"c"}});
  EXPECT_EQ(edit.experiment_ids, (Ids{3, 2}));
  EXPECT_EQ(edit.individuals, std::nullopt);
}

TEST(MemberLists, RemovingTakesEveryOneOfRepeatedMembers) {
  EXPECT_EQ(Removing(SlotWith({1, 1, 2}), {.experiment_ids = {1}}).experiment_ids, Ids{2});
}

TEST(MemberLists, AnEditWithoutListsIsEmptyAndOneThatClearsIsNot) {
  EXPECT_TRUE(IsEmpty({}));
  EXPECT_FALSE(IsEmpty({.individuals = Texts{}}));
}

TEST(MemberLists, HoldsComparesAsSetsWhatTheEditNames) {
  const v1::Slot slot = SlotWith({2, 1, 1}, {"a"});
  EXPECT_TRUE(Holds(slot, {.experiment_ids = Ids{1, 2}}));
  EXPECT_FALSE(Holds(slot, {.experiment_ids = Ids{1}}));
  EXPECT_FALSE(Holds(slot, {.experiment_ids = Ids{1, 2, 3}}));
  EXPECT_TRUE(Holds(slot, {}));
  EXPECT_FALSE(Holds(slot, {.individuals = Texts{}}));
  EXPECT_TRUE(Holds(slot, {.holdout_ids = Ids{}}));
}

TEST(MemberLists, ApplyReplacesWhatTheEditNames) {
  v1::Slot slot = SlotWith({1}, {"a"});
  Apply({.experiment_ids = Ids{}, .holdout_ids = Ids{5}}, slot);
  EXPECT_EQ(slot.experiment_ids_size(), 0);
  EXPECT_EQ(slot.holdout_ids(0), 5);
  EXPECT_EQ(slot.individuals(0), "a");
}

TEST(MemberLists, SameMembersComparesAllListsAsSets) {
  EXPECT_TRUE(SameMembers(SlotWith({1, 2}, {"a", "b"}), SlotWith({2, 1}, {"b", "a"})));
  EXPECT_FALSE(SameMembers(SlotWith({1}), SlotWith({2})));
  EXPECT_FALSE(SameMembers(SlotWith({1}, {"a"}), SlotWith({1})));
  v1::Slot held = SlotWith({1});
  held.add_holdout_ids(1);
  EXPECT_FALSE(SameMembers(held, SlotWith({1})));
}

}  // namespace
}  // namespace mutexd::groups
