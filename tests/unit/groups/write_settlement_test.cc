#include "service/groups/write_settlement.h"

#include <cmath>

#include "service/groups/update.h"
#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

// What becomes of a write, seen through the simplest one.
class WriteSettlementTest : public GroupsTest {
 protected:
  WriteSettlementTest() {
    request.mutable_mutex_group()->set_id("7");
    request.mutable_mutex_group()->set_name("New name");
  }

  absl::StatusOr<std::shared_ptr<const v1::UpdateMutexGroupResponse>> Update() {
    return Run(UpdateGroup(gateway, call, request));
  }

  // The reads after the write.
  std::vector<int> ReadsAfter() const { return amplitude.ReadTimes(2); }

  // Changes the group, as somebody else does, when the `nth` request arrives.
  void ChangeAtRequest(std::size_t nth, std::function<void(v1::MutexGroup&)> change) {
    amplitude.on_request = [this, nth, change = std::move(change)](const fakes::SeenRequest&) {
      if (amplitude.requests.size() == nth) change(*amplitude.Find("7"));
    };
  }

  v1::UpdateMutexGroupRequest request;
};

TEST_F(WriteSettlementTest, ReadsAgainWhileTheGroupLooksAsBefore) {
  amplitude.NextWrite({.visible_after = 3});
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().name(), "New name");
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 100, 300, 700));
}

TEST_F(WriteSettlementTest, AcceptedWriteThatNeverShowsIsNotYetVisible) {
  amplitude.NextWrite({.applied = false});
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "true");
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 100, 300, 700, 1500, 2000));
}

TEST_F(WriteSettlementTest, LooksForAsLongAsTheOptionSays) {
  gateway.options.write_visibility_timeout = absl::Milliseconds(450);
  amplitude.NextWrite({.applied = false});
  EXPECT_FALSE(Update().ok());
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 100, 300, 450));
}

TEST_F(WriteSettlementTest, ReadsOnceWithoutATimeToLook) {
  gateway.options.write_visibility_timeout = absl::ZeroDuration();
  amplitude.NextWrite({.applied = false});
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
  EXPECT_THAT(ReadsAfter(), ElementsAre(0));
}

TEST_F(WriteSettlementTest, SucceedsWhateverElseChangedMeanwhile) {
  ChangeAtRequest(3, [](v1::MutexGroup& group) {
    group.set_description("by somebody else");
    group.mutable_slots(1)->add_experiment_ids(99);
  });
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().description(), "by somebody else");
}

TEST_F(WriteSettlementTest, AnotherChangeInsteadIsConcurrent) {
  ChangeAtRequest(3, [](v1::MutexGroup& group) { group.set_name("by somebody else"); });
  const auto reply = Update();
  EXPECT_THAT(reply.status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE));
  EXPECT_THAT(ReadsAfter(), ElementsAre(0));
}

TEST_F(WriteSettlementTest, AChangeOfTimesAndAuthorsIsNone) {
  amplitude.NextWrite({.visible_after = 1});
  ChangeAtRequest(3, [](v1::MutexGroup& group) {
    group.set_updated_by("somebody");
    group.mutable_update_time()->set_seconds(1);
  });
  EXPECT_TRUE(Update().ok());
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 100));
}

TEST_F(WriteSettlementTest, LostReplyOfAnAppliedWriteIsOk) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().name(), "New name");
  EXPECT_EQ(amplitude.CountWrites(), 1u);
}

TEST_F(WriteSettlementTest, LostReplyOfAWriteThatShowsLateIsOk) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .visible_after = 2});
  amplitude.NextWrite({.visible_after = 1});
  EXPECT_TRUE(Update().ok());
  EXPECT_EQ(amplitude.Find("7")->name(), "New name");
}

TEST_F(WriteSettlementTest, LostWriteThatDidNotTakeEffectIsMadeAgainAfterARead) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().name(), "New name");
  ASSERT_THAT(amplitude.requests, SizeIs(5));
  EXPECT_EQ(amplitude.requests[2].operation, Operation::kGet);
  EXPECT_EQ(amplitude.requests[3].operation, Operation::kEdit);
  EXPECT_EQ(amplitude.requests[3].time - amplitude.requests[2].time,
            std::chrono::milliseconds(200));
}

TEST_F(WriteSettlementTest, AWriteThatIsRefusedTheSecondTimeGivesThatError) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  amplitude.NextWrite({.status = AnsweredWith(Operation::kEdit, 403)});
  EXPECT_EQ(Update().status(), AnsweredWith(Operation::kEdit, 403));
}

TEST_F(WriteSettlementTest, WaitsAsLongAsA503AsksBeforeTheNextAttempt) {
  absl::Status busy = AnsweredWith(Operation::kEdit, 503);
  amplitude::SetRetryDelay(busy, absl::Seconds(3));
  amplitude.NextWrite({.status = busy, .lost = true, .applied = false});
  EXPECT_TRUE(Update().ok());
  EXPECT_EQ(amplitude.requests[3].time - amplitude.requests[2].time, std::chrono::seconds(3));
}

TEST_F(WriteSettlementTest, LostWritesThatNeverTakeEffectAreUnavailableAfterFiveAttempts) {
  for (int i = 0; i < 6; ++i) {
    amplitude.NextWrite(
        {.status = AnsweredWith(Operation::kEdit, 503), .lost = true, .applied = false});
  }
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_EQ(Metadata(reply.status(), "http_status"), "503");
  EXPECT_EQ(amplitude.CountWrites(), 5u);
  // Each attempt is followed by a read, and the last by all reads of the visibility time-out.
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 200, 600, 1400, 3000, 3100, 3300, 3700, 4500, 5000));
}

TEST_F(WriteSettlementTest, AnAttemptThatWouldNotFinishInTimeIsNotBegun) {
  call.deadline = clock.MonotonicNow() + std::chrono::milliseconds(400);
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_EQ(amplitude.CountWrites(), 1u);
  // The last look comes early enough for its answer to reach the caller before the deadline.
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 100, 300, 350));
}

TEST_F(WriteSettlementTest, TheLastLookLeavesTwiceTheTimeOfTheLookBefore) {
  call.deadline = clock.MonotonicNow() + std::chrono::milliseconds(600);
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  amplitude.on_request = [this](const auto& seen) {
    if (seen.operation == Operation::kGet) clock.Advance(absl::Milliseconds(90));
  };
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 190, 330));
}

TEST_F(WriteSettlementTest, LostWriteThatReadsCannotSettleIsUnknown) {
  amplitude.NextWrite({.status = AnsweredWith(Operation::kEdit, 502), .lost = true});
  amplitude.NextRead(absl::OkStatus());
  for (int i = 0; i < 6; ++i) amplitude.NextRead(ConnectionLost());
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN));
  EXPECT_EQ(Metadata(reply.status(), "http_status"), "502");
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "(none)");
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 100, 300, 700, 1500, 2000));
}

TEST_F(WriteSettlementTest, LostWriteToAGroupThatIsGoneIsUnknown) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  amplitude.on_request = [this](const fakes::SeenRequest&) {
    if (amplitude.requests.size() == 3) amplitude.groups.clear();
  };
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN));
}

TEST_F(WriteSettlementTest, LostWriteAndAnotherChangeIsConcurrent) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  ChangeAtRequest(3, [](v1::MutexGroup& group) { group.set_name("by somebody else"); });
  EXPECT_THAT(Update().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE));
}

TEST_F(WriteSettlementTest, RefusedWriteGivesItsOwnErrorWithoutARead) {
  for (const int http_status : {400, 401, 403, 404, 409, 413, 429}) {
    amplitude.requests.clear();
    amplitude.NextWrite({.status = AnsweredWith(Operation::kEdit, http_status)});
    const auto reply = Update();
    EXPECT_EQ(reply.status(), AnsweredWith(Operation::kEdit, http_status));
    EXPECT_THAT(ReadsAfter(), IsEmpty()) << http_status;
  }
}

// Once Amplitude has accepted a write, no failing read turns it into anything else.
TEST_F(WriteSettlementTest, FailingReadsAfterAcceptanceAreNotYetVisible) {
  for (const int http_status : {400, 401, 403, 404, 410, 429, 500, 503}) {
    amplitude.requests.clear();
    amplitude.Find("7")->set_name("Group 7");
    amplitude.NextRead(absl::OkStatus());
    for (int i = 0; i < 6; ++i) amplitude.NextRead(AnsweredWith(Operation::kGet, http_status));
    const auto reply = Update();
    EXPECT_THAT(reply.status(),
                IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE))
        << http_status;
    EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "true");
    EXPECT_EQ(Metadata(reply.status(), "http_status"), absl::StrCat(http_status));
    while (!Run(amplitude.Get(call, "7")).ok()) {  // the scripts that are left
    }
  }
}

TEST_F(WriteSettlementTest, MalformedReadAfterAcceptanceIsNotYetVisible) {
  amplitude.NextRead(absl::OkStatus());
  amplitude.NextRead(amplitude::MakeError(StatusCode::kInternal,
                                          v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY, "HTML"));
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
}

TEST_F(WriteSettlementTest, ReadsAgainAfterAReadThatFailed) {
  amplitude.NextRead(absl::OkStatus());
  amplitude.NextRead(AnsweredWith(Operation::kGet, 500));
  amplitude.NextRead(AnsweredWith(Operation::kGet, 404));
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 100, 300));
}

TEST_F(WriteSettlementTest, WaitsForAsLongAsARateLimitAsks) {
  amplitude.NextRead(absl::OkStatus());
  absl::Status limited = AnsweredWith(Operation::kGet, 429);
  amplitude::SetRetryDelay(limited, absl::Milliseconds(900));
  amplitude.NextRead(limited);
  ASSERT_TRUE(Update().ok());
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 900));
}

TEST_F(WriteSettlementTest, WaitsForAsLongAsTheOwnQuotaAsks) {
  amplitude.NextRead(absl::OkStatus());
  absl::Status spent = amplitude::MakeError(StatusCode::kResourceExhausted,
                                            v1::ERROR_REASON_QUOTA_PER_SECOND, "spent");
  amplitude::SetRetryDelay(spent, absl::Milliseconds(900));
  amplitude.NextRead(spent);
  EXPECT_TRUE(Update().ok());
  EXPECT_THAT(ReadsAfter(), ElementsAre(0, 900));
}

TEST_F(WriteSettlementTest, DoesNotReadAgainWhenARateLimitAsksForMoreTimeThanIsLeft) {
  amplitude.NextRead(absl::OkStatus());
  absl::Status limited = AnsweredWith(Operation::kGet, 429);
  amplitude::SetRetryDelay(limited, absl::Seconds(60));
  amplitude.NextRead(limited);
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
  EXPECT_THAT(ReadsAfter(), ElementsAre(0));
}

TEST_F(WriteSettlementTest, AReplyThatIsTooLargeAfterALostWriteSaysThatItWasMade) {
  gateway.options.max_reply_bytes = 100;
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "true");
}

// A call that is cut short is CANCELLED, wherever it stands: what that means to the caller is for
// the rpc layer.
TEST_F(WriteSettlementTest, CancelledWhileWaitingForTheNextRead) {
  amplitude.NextWrite({.applied = false});
  const auto update = loop.Start(UpdateGroup(gateway, call, request));
  ASSERT_FALSE(update->done());
  ASSERT_EQ(clock.sleepers(), 1u);
  update->Cancel();
  loop.Poll();
  ASSERT_TRUE(update->done());
  EXPECT_TRUE(absl::IsCancelled(update->result().status())) << update->result().status();
  EXPECT_THAT(ReadsAfter(), ElementsAre(0));
}

TEST_F(WriteSettlementTest, CancelledWhileTheWriteIsUnderWay) {
  amplitude.NextWrite({.hang = true});
  const auto update = loop.Start(UpdateGroup(gateway, call, request));
  ASSERT_EQ(amplitude.hanging(), 1);
  update->Cancel();
  loop.Poll();
  ASSERT_TRUE(update->done());
  EXPECT_TRUE(absl::IsCancelled(update->result().status()));
  EXPECT_THAT(ReadsAfter(), IsEmpty());
  EXPECT_TRUE(call.write_sent);
}

TEST_F(WriteSettlementTest, CancelledWhileAReadIsUnderWay) {
  amplitude.NextReadHangs();
  const auto update = loop.Start(UpdateGroup(gateway, call, request));
  update->Cancel();
  loop.Poll();
  ASSERT_TRUE(update->done());
  EXPECT_TRUE(absl::IsCancelled(update->result().status()));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

}  // namespace
}  // namespace mutexd::groups
