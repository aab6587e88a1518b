#include "service/groups/write_permission.h"

#include <memory>
#include <string>
#include <vector>

#include "service/groups/archive.h"
#include "service/groups/create.h"
#include "service/groups/move_slot_members.h"
#include "service/groups/slot_members.h"
#include "service/groups/update.h"
#include "service/groups/update_slot.h"
#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

// Lets writes touch groups whose keys begin with "group-7" in project 1.
class GuardOfSeven final : public amplitude::WriteGuard {
 public:
  explicit GuardOfSeven(bool may_read) : may_read_(may_read) {}

  bool Allows(absl::string_view key, std::int64_t project_id) const override {
    return key.substr(0, 7) == "group-7" && project_id == 1;
  }
  bool MayRead() const override { return may_read_; }
  absl::Status Denial(absl::string_view group) const override {
    return amplitude::MakeError(StatusCode::kPermissionDenied, v1::ERROR_REASON_CALLER_NOT_ALLOWED,
                                "denied for " + std::string(group));
  }

 private:
  const bool may_read_;
};

auto Denied() {
  return IsError(StatusCode::kPermissionDenied, v1::ERROR_REASON_CALLER_NOT_ALLOWED);
}

class WritePermissionTest : public GroupsTest {
 protected:
  WritePermissionTest() {
    amplitude.groups.push_back(GroupWith("8", {50, 50}));
    amplitude.Find("8")->mutable_slots(0)->add_experiment_ids(11);
    Guard(/*may_read=*/false);
  }

  void Guard(bool may_read) { call.write_guard = std::make_shared<GuardOfSeven>(may_read); }

  // Every write to an existing group, of `id`, each with an etag that nothing has where `etag`.
  std::vector<absl::Status> AllWrites(const std::string& id, bool etag = false) {
    const std::string tag = etag ? "v1-00000000" : "";
    std::vector<absl::Status> outcomes;
    v1::UpdateMutexGroupRequest update;
    update.mutable_mutex_group()->set_id(id);
    update.mutable_mutex_group()->set_name("New");
    update.set_etag(tag);
    outcomes.push_back(Run(UpdateGroup(gateway, call, update)).status());
    v1::UpdateSlotRequest slot;
    slot.set_mutex_group_id(id);
    slot.set_slot_index(1);
    slot.mutable_slot()->add_experiment_ids(99);
    slot.mutable_update_mask()->add_paths("experiment_ids");
    slot.set_etag(tag);
    outcomes.push_back(Run(UpdateSlot(gateway, call, slot)).status());
    v1::AddSlotMembersRequest add;
    add.set_mutex_group_id(id);
    add.set_slot_index(1);
    add.add_experiment_ids(98);
    add.set_etag(tag);
    outcomes.push_back(Run(AddSlotMembers(gateway, call, add)).status());
    v1::RemoveSlotMembersRequest remove;
    remove.set_mutex_group_id(id);
    remove.set_slot_index(1);
    remove.add_experiment_ids(98);
    remove.set_etag(tag);
    outcomes.push_back(Run(RemoveSlotMembers(gateway, call, remove)).status());
    v1::MoveSlotMembersRequest move;
    move.set_mutex_group_id(id);
    move.set_from_slot_index(1);
    move.set_to_slot_index(2);
    move.add_experiment_ids(99);
    move.set_etag(tag);
    outcomes.push_back(Run(MoveSlotMembers(gateway, call, move)).status());
    v1::ArchiveMutexGroupRequest archive;
    archive.set_mutex_group_id(id);
    archive.set_etag(tag);
    outcomes.push_back(Run(ArchiveGroup(gateway, call, archive)).status());
    v1::UnarchiveMutexGroupRequest unarchive;
    unarchive.set_mutex_group_id(id);
    unarchive.set_etag(tag);
    outcomes.push_back(Run(UnarchiveGroup(gateway, call, unarchive)).status());
    return outcomes;
  }
};

TEST_F(WritePermissionTest, WritesTouchTheGroupsThatTheyMay) {
  for (const absl::Status& outcome : AllWrites("7")) EXPECT_TRUE(outcome.ok()) << outcome;
}

TEST_F(WritePermissionTest, NoOtherGroupIsTouched) {
  for (const absl::Status& outcome : AllWrites("8")) EXPECT_THAT(outcome, Denied());
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(WritePermissionTest, TheProjectCountsToo) {
  amplitude.Find("7")->set_project_id(2);
  for (const absl::Status& outcome : AllWrites("7")) EXPECT_THAT(outcome, Denied());
}

TEST_F(WritePermissionTest, WhoMayNotReadDoesNotLearnWhichGroupsExist) {
  amplitude.unreadable["666"] = "slots is missing";
  const std::vector<absl::Status> there = AllWrites("8");
  for (const bool etag : {false, true}) {
    EXPECT_EQ(AllWrites("8", etag), there) << "an etag is compared for those who may write";
    EXPECT_EQ(AllWrites("99", etag), there) << "there is no such group";
    EXPECT_EQ(AllWrites("666", etag), there) << "it is there and malformed";
  }
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(WritePermissionTest, WhoMayReadIsToldThatAGroupIsNotThere) {
  Guard(/*may_read=*/true);
  for (const absl::Status& outcome : AllWrites("99")) {
    EXPECT_THAT(outcome, IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
  }
  for (const absl::Status& outcome : AllWrites("8")) EXPECT_THAT(outcome, Denied());
  EXPECT_EQ(amplitude.CountWrites(), 0u) << "nothing is unarchived that cannot be read";
}

TEST_F(WritePermissionTest, AnOutageIsToldToEverybody) {
  amplitude.fail_reads = ConnectionLost();
  for (const absl::Status& outcome : AllWrites("99")) {
    EXPECT_THAT(outcome, IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  }
}

v1::CreateMutexGroupRequest CreateOf(const std::string& name, std::int64_t project) {
  v1::CreateMutexGroupRequest request;
  request.mutable_mutex_group()->set_name(name);
  request.mutable_mutex_group()->set_project_id(project);
  request.mutable_mutex_group()->add_slots()->set_percentage(100);
  request.set_request_id("7b0c9cd4-3a5c-4c39-8bd7-2a1a3cfa9d52");
  return request;
}

TEST_F(WritePermissionTest, ACreateIsJudgedByItsKey) {
  v1::CreateMutexGroupRequest request = CreateOf("Any", 1);
  request.mutable_mutex_group()->set_key("group-70");
  EXPECT_TRUE(Run(CreateGroup(gateway, call, request)).ok());
  request.mutable_mutex_group()->set_key("group-8");
  const absl::Status denied = Run(CreateGroup(gateway, call, request)).status();
  EXPECT_THAT(denied, Denied());
  EXPECT_EQ(denied.message(), "denied for a mutex group with the key 'group-8' in project 1");
  request.set_validate_only(true);
  EXPECT_THAT(Run(CreateGroup(gateway, call, request)).status(), Denied());
  EXPECT_EQ(amplitude.Count(Operation::kCreate), 1u);
}

TEST_F(WritePermissionTest, ACreateWithoutAKeyIsJudgedByTheDerivedOne) {
  EXPECT_TRUE(Run(CreateGroup(gateway, call, CreateOf("Group 7 next", 1))).ok());
  const std::size_t requests = amplitude.requests.size();
  EXPECT_THAT(Run(CreateGroup(gateway, call, CreateOf("Next group 7", 1))).status(), Denied());
  EXPECT_THAT(Run(CreateGroup(gateway, call, CreateOf("Group 7 next", 2))).status(), Denied());
  EXPECT_EQ(amplitude.requests.size(), requests) << "Amplitude is not even asked";
}

}  // namespace
}  // namespace mutexd::groups
