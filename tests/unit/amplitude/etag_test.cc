#include "service/amplitude/etag.h"

#include <gtest/gtest.h>

namespace mutexd::amplitude {
namespace {

mutexgroups::v1::MutexGroup Group() {
  mutexgroups::v1::MutexGroup group;
  group.set_id("1234");
  group.set_name("Checkout");
  auto* slot = group.add_slots();
  slot->set_index(1);
  slot->set_percentage(100);
  slot->add_experiment_ids(1);
  slot->add_experiment_ids(2);
  return group;
}

TEST(Etag, IsVersionedAndTheSameOnEveryMachine) {
  EXPECT_EQ(Etag(Group()), "v1-c65d29d865ec30b34b099c36b5dfe643");
}

TEST(Etag, IgnoresTimesAuthorsAndItself) {
  auto group = Group();
  group.mutable_update_time()->set_seconds(5);
  group.mutable_create_time()->set_seconds(5);
  group.set_created_by("a");
  group.set_updated_by("b");
  group.set_etag("c");
  EXPECT_EQ(Etag(group), Etag(Group()));
}

TEST(Etag, DoesNotDependOnHowAmplitudeWroteTheGroup) {
  auto group = Group();
  group.set_state(mutexgroups::v1::MutexGroup::STATE_ACTIVE);  // "deleted": false, and absent
  std::swap(*group.mutable_slots(0)->mutable_experiment_ids()->Mutable(0),
            *group.mutable_slots(0)->mutable_experiment_ids()->Mutable(1));
  EXPECT_EQ(Etag(group), Etag(Group()));
}

TEST(Etag, ChangesWithEveryField) {
  auto name = Group();
  name.set_name("checkout");
  EXPECT_NE(Etag(name), Etag(Group()));
  auto archived = Group();
  archived.set_state(mutexgroups::v1::MutexGroup::STATE_ARCHIVED);
  EXPECT_NE(Etag(archived), Etag(Group()));
  auto moved = Group();
  moved.mutable_slots(0)->clear_experiment_ids();
  moved.mutable_slots(0)->add_holdout_ids(1);
  moved.mutable_slots(0)->add_holdout_ids(2);
  EXPECT_NE(Etag(moved), Etag(Group()));
  auto individual = Group();
  individual.mutable_slots(0)->add_individuals("x");
  EXPECT_NE(Etag(individual), Etag(Group()));
}

TEST(Etag, TextsDoNotRunIntoEachOther) {
  auto one = Group();
  one.set_name("ab");
  one.set_description("c");
  auto other = Group();
  other.set_name("a");
  other.set_description("bc");
  EXPECT_NE(Etag(one), Etag(other));
}

}  // namespace
}  // namespace mutexd::amplitude
