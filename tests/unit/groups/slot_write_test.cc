#include "service/groups/slot_write.h"

#include "service/groups/slot_members.h"
#include "service/groups/update_slot.h"
#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

// UpdateSlot, and what every edit of a slot has in common.
class UpdateSlotTest : public GroupsTest {
 protected:
  UpdateSlotTest() {
    request.set_mutex_group_id("7");
    request.set_slot_index(2);
    request.mutable_slot()->add_experiment_ids(13);
    request.mutable_update_mask()->add_paths("experiment_ids");
  }

  absl::StatusOr<std::shared_ptr<const v1::UpdateSlotResponse>> Update() {
    return Run(UpdateSlot(gateway, call, request));
  }

  v1::UpdateSlotRequest request;
};

TEST_F(UpdateSlotTest, ReplacesTheListsThatTheMaskNames) {
  request.mutable_slot()->add_holdout_ids(99);  // not in the mask
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(Experiments((*reply)->mutex_group().slots(1)), ElementsAre(13));
  EXPECT_THAT((*reply)->mutex_group().slots(1).holdout_ids(), IsEmpty());
  ASSERT_THAT(amplitude.requests, SizeIs(3));
  const fakes::SeenRequest& write = amplitude.requests[1];
  EXPECT_EQ(write.operation, Operation::kEditSlot);
  EXPECT_EQ(write.path_index, 2);
  EXPECT_EQ(write.slot_edit.experiment_ids, std::vector<std::int64_t>{13});
  EXPECT_EQ(write.slot_edit.holdout_ids, std::nullopt);
  EXPECT_EQ(write.slot_edit.individuals, std::nullopt);
}

TEST_F(UpdateSlotTest, ClearsAListThatTheMaskNamesAndTheMessageLeavesEmpty) {
  request.set_slot_index(1);
  request.mutable_slot()->clear_experiment_ids();
  *request.mutable_update_mask()->mutable_paths(0) = "*";
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  const v1::Slot& slot = (*reply)->mutex_group().slots(0);
  EXPECT_THAT(slot.experiment_ids(), IsEmpty());
  EXPECT_THAT(slot.holdout_ids(), IsEmpty());
  EXPECT_THAT(slot.individuals(), IsEmpty());
}

TEST_F(UpdateSlotTest, PathOfASlotCountsFromTheBase) {
  amplitude.slot_index_base = 0;
  gateway.options.slot_index_base = 0;
  ASSERT_TRUE(Update().ok());
  EXPECT_EQ(amplitude.requests[1].path_index, 1);
}

TEST_F(UpdateSlotTest, SendsNothingWhenTheSlotHoldsTheListsInAnotherOrder) {
  amplitude.Find("7")->mutable_slots(1)->add_experiment_ids(13);
  request.mutable_slot()->add_experiment_ids(12);
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(UpdateSlotTest, ListsThatAmplitudeReordersAreThere) {
  amplitude.on_request = [this](const fakes::SeenRequest&) {
    if (amplitude.requests.size() != 3) return;
    amplitude.Find("7")->mutable_slots(1)->mutable_experiment_ids()->SwapElements(0, 1);
  };
  request.mutable_slot()->add_experiment_ids(14);
  EXPECT_TRUE(Update().ok());
}

TEST_F(UpdateSlotTest, ValidateOnlySendsNothing) {
  request.set_validate_only(true);
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(Experiments((*reply)->mutex_group().slots(1)), ElementsAre(13));
  EXPECT_THAT(Experiments(amplitude.Find("7")->slots(1)), ElementsAre(12));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(UpdateSlotTest, ASlotThatTheGroupDoesNotHaveIsNotFoundAndNothingIsSent) {
  request.set_slot_index(4);
  const auto reply = Update();
  EXPECT_THAT(reply.status(), IsError(StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
  const auto resource = amplitude::DetailOf<google::rpc::ResourceInfo>(reply.status());
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->resource_name(), "7/4");
}

TEST_F(UpdateSlotTest, APercentageThatDiffersIsRefused) {
  request.mutable_slot()->set_percentage(31);
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST));
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("slot.percentage"));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(UpdateSlotTest, APercentageAsAmplitudeHoldsItIsTaken) {
  request.mutable_slot()->set_percentage(30);
  EXPECT_TRUE(Update().ok());
}

TEST_F(UpdateSlotTest, ComparesTheEtagBeforeItWrites) {
  request.set_etag("v1-00000000000000000000000000000000");
  const auto reply = Update();
  EXPECT_THAT(reply.status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH));
  EXPECT_EQ(Metadata(reply.status(), "current_etag"), EtagOf("7"));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(UpdateSlotTest, A404OnTheSlotIsSlotNotFoundWhenTheGroupCanBeRead) {
  amplitude.NextWrite({.status = AnsweredWith(Operation::kEditSlot, 404)});
  const auto reply = Update();
  EXPECT_THAT(reply.status(), IsError(StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND));
  EXPECT_EQ(Metadata(reply.status(), "http_status"), "404");
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("--slot-index-base 1"));
  EXPECT_EQ(amplitude.Count(Operation::kGet), 2u);
}

TEST_F(UpdateSlotTest, A404OnTheSlotIsGroupNotFoundWhenTheGroupIsGone) {
  amplitude.NextWrite({.status = AnsweredWith(Operation::kEditSlot, 404)});
  amplitude.on_request = [this](const fakes::SeenRequest& seen) {
    if (seen.operation == Operation::kEditSlot) amplitude.groups.clear();
  };
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
}

TEST_F(UpdateSlotTest, AnotherChangeInsteadIsConcurrent) {
  amplitude.on_request = [this](const fakes::SeenRequest&) {
    if (amplitude.requests.size() == 3) {
      amplitude.Find("7")->mutable_slots(1)->add_experiment_ids(77);
    }
  };
  EXPECT_THAT(Update().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE));
  EXPECT_THAT(observer.wrong_slots, IsEmpty());
}

TEST_F(UpdateSlotTest, AChangedWrongSlotIsDataLossAndEndsSlotWrites) {
  amplitude.slot_index_base = 0;  // the service believes in 1: slot 2 reaches slot 3
  amplitude.Find("7")->mutable_slots(2)->add_experiment_ids(500);
  const v1::MutexGroup before = *amplitude.Find("7");
  const auto reply = Update();
  EXPECT_THAT(reply.status(), IsError(StatusCode::kDataLoss, v1::ERROR_REASON_WRONG_SLOT_CHANGED));
  EXPECT_EQ(Metadata(reply.status(), "changed_slot_index"), "3");
  EXPECT_THAT(amplitude.ReadTimes(2),
              ElementsAre(0));  // at once, not after the visibility time-out

  // The operator can put back what the slot held.
  ASSERT_THAT(observer.wrong_slots, SizeIs(1));
  EXPECT_EQ(observer.wrong_slots[0].rpc_id, "rpc-of-test");
  EXPECT_EQ(observer.wrong_slots[0].asked_slot, 2);
  EXPECT_EQ(observer.wrong_slots[0].changed_slot, 3);
  EXPECT_THAT(Experiments(observer.wrong_slots[0].before.slots(2)), ElementsAre(500));

  amplitude.requests.clear();
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kFailedPrecondition, v1::ERROR_REASON_SLOT_INDEX_BASE_WRONG));
  v1::AddSlotMembersRequest add;
  add.set_mutex_group_id("7");
  add.set_slot_index(1);
  add.add_experiment_ids(1);
  EXPECT_THAT(Run(AddSlotMembers(gateway, call, add)).status(),
              IsError(StatusCode::kFailedPrecondition, v1::ERROR_REASON_SLOT_INDEX_BASE_WRONG));
  request.set_validate_only(true);
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kFailedPrecondition, v1::ERROR_REASON_SLOT_INDEX_BASE_WRONG));
  EXPECT_THAT(amplitude.requests, IsEmpty());
}

TEST_F(UpdateSlotTest, AClearedWrongSlotIsDataLoss) {
  amplitude.slot_index_base = 0;
  amplitude.Find("7")->mutable_slots(2)->add_experiment_ids(500);
  request.mutable_slot()->clear_experiment_ids();
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kDataLoss, v1::ERROR_REASON_WRONG_SLOT_CHANGED));
}

TEST_F(UpdateSlotTest, AWrongSlotIsSeenAfterALostReplyToo) {
  amplitude.slot_index_base = 0;
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kDataLoss, v1::ERROR_REASON_WRONG_SLOT_CHANGED));
}

TEST_F(UpdateSlotTest, AnotherSlotThatHeldTheListsBeforeIsNoWrongSlot) {
  amplitude.Find("7")->mutable_slots(2)->add_experiment_ids(13);
  amplitude.on_request = [this](const fakes::SeenRequest&) {
    if (amplitude.requests.size() == 3) {
      amplitude.Find("7")->mutable_slots(1)->mutable_experiment_ids()->Set(0, 77);
    }
  };
  EXPECT_THAT(Update().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE));
  EXPECT_FALSE(gateway.slot_index_base_wrong);
}

TEST_F(UpdateSlotTest, WorksWithoutAnObserver) {
  gateway.observer = nullptr;
  amplitude.slot_index_base = 0;
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kDataLoss, v1::ERROR_REASON_WRONG_SLOT_CHANGED));
}

class SlotMembersTest : public GroupsTest {
 protected:
  SlotMembersTest() {
    add.set_mutex_group_id("7");
    add.set_slot_index(1);
    remove.set_mutex_group_id("7");
    remove.set_slot_index(1);
  }

  v1::AddSlotMembersRequest add;
  v1::RemoveSlotMembersRequest remove;
};

TEST_F(SlotMembersTest, AddsWhatIsNotThereAndSendsNoOtherList) {
  add.add_experiment_ids(11);
  add.add_experiment_ids(14);
  add.add_individuals("ada");
  const auto reply = Run(AddSlotMembers(gateway, call, add));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(Experiments((*reply)->mutex_group().slots(0)), ElementsAre(11, 14));
  const amplitude::SlotEdit& edit = amplitude.requests[1].slot_edit;
  EXPECT_EQ(edit.experiment_ids, (std::vector<std::int64_t>{11, 14}));
  EXPECT_EQ(edit.holdout_ids, std::nullopt);
  EXPECT_EQ(edit.individuals, std::nullopt);
}

TEST_F(SlotMembersTest, AddingWhatIsThereSucceedsWithoutAWrite) {
  add.add_experiment_ids(11);
  add.add_holdout_ids(21);
  add.add_individuals("ada");
  EXPECT_TRUE(Run(AddSlotMembers(gateway, call, add)).ok());
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(SlotMembersTest, RemovesWhatIsThere) {
  remove.add_experiment_ids(11);
  remove.add_experiment_ids(1000);
  remove.add_individuals("ada");
  const auto reply = Run(RemoveSlotMembers(gateway, call, remove));
  ASSERT_TRUE(reply.ok()) << reply.status();
  const amplitude::SlotEdit& edit = amplitude.requests[1].slot_edit;
  EXPECT_EQ(edit.experiment_ids, std::vector<std::int64_t>{});
  EXPECT_EQ(edit.holdout_ids, std::nullopt);
  EXPECT_EQ(edit.individuals, std::vector<std::string>{});
  EXPECT_THAT((*reply)->mutex_group().slots(0).holdout_ids(), SizeIs(1));
}

TEST_F(SlotMembersTest, RemovingWhatIsNotThereSucceedsWithoutAWrite) {
  remove.add_experiment_ids(12);
  remove.add_individuals("grace");
  EXPECT_TRUE(Run(RemoveSlotMembers(gateway, call, remove)).ok());
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(SlotMembersTest, ValidateOnlySendsNothing) {
  add.add_holdout_ids(22);
  add.set_validate_only(true);
  remove.add_holdout_ids(21);
  remove.set_validate_only(true);
  const auto added = Run(AddSlotMembers(gateway, call, add));
  const auto removed = Run(RemoveSlotMembers(gateway, call, remove));
  ASSERT_TRUE(added.ok() && removed.ok());
  EXPECT_THAT((*added)->mutex_group().slots(0).holdout_ids(), SizeIs(2));
  EXPECT_THAT((*removed)->mutex_group().slots(0).holdout_ids(), IsEmpty());
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(SlotMembersTest, ChangesOfOneGroupSideBySideLoseNothing) {
  amplitude::Call other_call = call;
  v1::AddSlotMembersRequest other = add;
  add.add_experiment_ids(14);
  other.add_experiment_ids(15);
  const auto first = loop.Start(AddSlotMembers(gateway, call, add));
  const auto second = loop.Start(AddSlotMembers(gateway, other_call, other));
  ASSERT_TRUE(first->done() && second->done());
  EXPECT_THAT(Experiments(amplitude.Find("7")->slots(0)), ElementsAre(11, 14, 15));
}

}  // namespace
}  // namespace mutexd::groups
