#include "service/groups/move_slot_members.h"

#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

class MoveSlotMembersTest : public GroupsTest {
 protected:
  MoveSlotMembersTest() {
    request.set_mutex_group_id("7");
    request.set_from_slot_index(1);
    request.set_to_slot_index(2);
    request.add_experiment_ids(11);
  }

  absl::StatusOr<std::shared_ptr<const v1::MoveSlotMembersResponse>> Move() {
    return Run(MoveSlotMembers(gateway, call, request));
  }

  v1::MoveSlotMembersRequest request;
};

TEST_F(MoveSlotMembersTest, AddsToTheDestinationThenRemovesFromTheSource) {
  request.add_individuals("ada");
  const auto reply = Move();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT((*reply)->mutex_group().slots(0).experiment_ids(), IsEmpty());
  EXPECT_THAT(Experiments((*reply)->mutex_group().slots(1)), ElementsAre(12, 11));
  ASSERT_THAT(amplitude.requests, SizeIs(5));
  EXPECT_EQ(amplitude.requests[0].operation, Operation::kGet);
  EXPECT_EQ(amplitude.requests[1].operation, Operation::kEditSlot);
  EXPECT_EQ(amplitude.requests[1].path_index, 2);
  EXPECT_EQ(amplitude.requests[1].slot_edit.individuals, std::vector<std::string>{"ada"});
  EXPECT_EQ(amplitude.requests[2].operation, Operation::kGet);
  EXPECT_EQ(amplitude.requests[3].operation, Operation::kEditSlot);
  EXPECT_EQ(amplitude.requests[3].path_index, 1);
  EXPECT_EQ(amplitude.requests[3].slot_edit.experiment_ids, std::vector<std::int64_t>{});
  EXPECT_EQ(amplitude.requests[4].operation, Operation::kGet);
}

TEST_F(MoveSlotMembersTest, WhatIsMovedAlreadySucceedsWithoutAWrite) {
  ASSERT_TRUE(Move().ok());
  amplitude.requests.clear();
  EXPECT_TRUE(Move().ok());
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(MoveSlotMembersTest, HalfDoneSaysSoAndRepeatingCompletesIt) {
  amplitude.NextWrite({});
  amplitude.NextWrite({.status = AnsweredWith(Operation::kEditSlot, 429)});
  const auto reply = Move();
  EXPECT_THAT(reply.status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_PARTIALLY_APPLIED));
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("added to slot 2"));
  EXPECT_EQ(Metadata(reply.status(), "http_status"), "429");
  EXPECT_EQ(amplitude::RetryDelayOf(reply.status()), absl::Seconds(1));
  EXPECT_THAT(Experiments(amplitude.Find("7")->slots(0)), ElementsAre(11));
  EXPECT_THAT(Experiments(amplitude.Find("7")->slots(1)), ElementsAre(12, 11));

  amplitude.requests.clear();
  const auto repeated = Move();
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(amplitude.CountWrites(), 1u);
  EXPECT_THAT(amplitude.Find("7")->slots(0).experiment_ids(), IsEmpty());
}

TEST_F(MoveSlotMembersTest, LostSecondStepThatDidNotTakeEffectIsMadeAgain) {
  amplitude.NextWrite({});
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  EXPECT_TRUE(Move().ok());
  EXPECT_EQ(amplitude.CountWrites(), 3u);
}

TEST_F(MoveSlotMembersTest, LostSecondStepThatNeverTakesEffectIsHalfDone) {
  amplitude.NextWrite({});
  for (int i = 0; i < 5; ++i) {
    amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  }
  EXPECT_THAT(Move().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_PARTIALLY_APPLIED));
}

TEST_F(MoveSlotMembersTest, LostSecondStepThatTookEffectIsOk) {
  amplitude.NextWrite({});
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_TRUE(Move().ok());
}

TEST_F(MoveSlotMembersTest, SecondStepThatDoesNotShowIsNotYetVisible) {
  amplitude.NextWrite({});
  amplitude.NextWrite({.applied = false});
  EXPECT_THAT(Move().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
}

TEST_F(MoveSlotMembersTest, FailedFirstStepGivesItsOwnErrorAndEndsTheMove) {
  amplitude.NextWrite({.status = AnsweredWith(Operation::kEditSlot, 400)});
  EXPECT_THAT(Move().status(),
              IsError(StatusCode::kInvalidArgument, v1::ERROR_REASON_REJECTED_BY_AMPLITUDE));
  EXPECT_EQ(amplitude.CountWrites(), 1u);
}

TEST_F(MoveSlotMembersTest, FirstStepThatNeverShowsEndsTheMove) {
  amplitude.NextWrite({.applied = false});
  EXPECT_THAT(Move().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
  EXPECT_EQ(amplitude.CountWrites(), 1u);
}

TEST_F(MoveSlotMembersTest, FirstStepInAWrongSlotIsDataLossAndEndsTheMove) {
  amplitude.slot_index_base = 0;
  EXPECT_THAT(Move().status(), IsError(StatusCode::kDataLoss, v1::ERROR_REASON_WRONG_SLOT_CHANGED));
  EXPECT_EQ(amplitude.CountWrites(), 1u);
}

TEST_F(MoveSlotMembersTest, RemovesFromWhatTheSourceHoldsAfterTheFirstStep) {
  amplitude.on_request = [this](const fakes::SeenRequest&) {
    if (amplitude.requests.size() == 2)
      amplitude.Find("7")->mutable_slots(0)->add_experiment_ids(16);
  };
  ASSERT_TRUE(Move().ok());
  EXPECT_THAT(Experiments(amplitude.Find("7")->slots(0)), ElementsAre(16));
}

TEST_F(MoveSlotMembersTest, ValidateOnlyShowsBothStepsAndSendsNothing) {
  request.set_validate_only(true);
  const auto reply = Move();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT((*reply)->mutex_group().slots(0).experiment_ids(), IsEmpty());
  EXPECT_THAT(Experiments((*reply)->mutex_group().slots(1)), ElementsAre(12, 11));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(MoveSlotMembersTest, ComparesTheEtagBeforeItWrites) {
  request.set_etag("v1-00000000000000000000000000000000");
  EXPECT_THAT(Move().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(MoveSlotMembersTest, EitherSlotMustExist) {
  request.set_to_slot_index(9);
  EXPECT_THAT(Move().status(), IsError(StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND));
  request.set_to_slot_index(2);
  request.set_from_slot_index(9);
  EXPECT_THAT(Move().status(), IsError(StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(MoveSlotMembersTest, CutShortInTheSecondStepTheWriteIsNotCalledAccepted) {
  amplitude.NextWrite({});
  amplitude.NextWrite({.hang = true});
  const auto move = loop.Start(MoveSlotMembers(gateway, call, request));
  ASSERT_EQ(amplitude.hanging(), 1);
  move->Cancel();
  loop.Poll();
  ASSERT_TRUE(move->done());
  EXPECT_TRUE(absl::IsCancelled(move->result().status()));
  EXPECT_TRUE(call.write_sent);
  EXPECT_FALSE(call.write_accepted);
}

}  // namespace
}  // namespace mutexd::groups
