#include "tests/unit/amplitude/quota_fixture.h"

// The quota of the second, and who waits for it.
namespace mutexd::amplitude {
namespace {

using absl::StatusCode;
using fakes::IsError;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class QuotaSecondTest : public QuotaTest {};

TEST_F(QuotaSecondTest, WhatFindsAPermitDoesNotWait) {
  Begin({.per_second = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ReadNow().ok());
  EXPECT_THAT(amplitude.seen, SizeIs(3));
  EXPECT_EQ(amplitude.seen.back().start, amplitude.seen.front().start);
  EXPECT_THAT(observer.waits, IsEmpty());
}

TEST_F(QuotaSecondTest, NoSecondHasMoreThanTheLimitAsAmplitudeSeesIt) {
  constexpr int kLimit = 5;
  Begin({.per_second = kLimit});
  std::vector<Read> reads;
  for (int i = 0; i < 60; ++i) {
    amplitude.takes = absl::Milliseconds(i * 37 % 900);
    reads.push_back(Get(NewCall("share " + std::to_string(i % 4), 60), std::to_string(i)));
    if (i % 7 == 0) RunFor(absl::Milliseconds(130));
  }
  RunFor(absl::Seconds(40));
  for (const Read& read : reads) {
    ASSERT_TRUE(read->done());
    EXPECT_TRUE(read->result().ok()) << read->result().status();
  }
  // Wherever between its start and its end each request arrived: those that may have arrived in a
  // second are as few as the permits. A request counts for each second that it touches.
  for (const SlowAmplitude::Seen& first : amplitude.seen) {
    const MonotonicTime from = first.end;
    const auto end = from + std::chrono::seconds(1);
    int touching = 0;
    for (const SlowAmplitude::Seen& request : amplitude.seen) {
      if (request.start < end && request.end >= from) ++touching;
    }
    EXPECT_LE(touching, kLimit);
  }
  EXPECT_EQ(observer.waiting, 0u);
}

TEST_F(QuotaSecondTest, AHotShareDoesNotHoldUpTheOthers) {
  constexpr int kLimit = 10;
  Begin({.per_second = kLimit});
  std::vector<Read> hot;
  for (int i = 0; i < 1000; ++i) hot.push_back(Get(NewCall("hot", 1000), "hot"));
  RunFor(absl::Milliseconds(500));
  std::vector<Read> others;
  for (int i = 0; i < 9; ++i) others.push_back(Get("other " + std::to_string(i), "other"));
  EXPECT_EQ(observer.waiting, 1000u - kLimit + 9);
  RunFor(absl::Milliseconds(500));  // one round: the hot share's turn, and one for each other
  for (const Read& other : others) EXPECT_TRUE(other->done());
  EXPECT_THAT(amplitude.seen, SizeIs(2 * kLimit));
  RunFor(absl::Seconds(100));
  for (const Read& read : hot) EXPECT_TRUE(read->done());
}

TEST_F(QuotaSecondTest, AShareIsServedInTheOrderOfArrival) {
  Begin({.per_second = 1});
  for (const char* id : {"1", "2", "3", "4"}) Get("a", id);
  RunFor(absl::Seconds(4));
  EXPECT_THAT(amplitude.Names(), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(observer.waits, ElementsAre(absl::Seconds(1), absl::Seconds(2), absl::Seconds(3)));
}

TEST_F(QuotaSecondTest, WhoseTurnComesTooLateIsRefusedAtOnceAndToldTheWait) {
  Begin({.per_second = 2});
  MakeReads(1);
  loop.Advance(absl::Milliseconds(250));
  MakeReads(1);
  Call& impatient = NewCall("a", 0);
  const Read refused = Get(impatient, "refused");
  ASSERT_TRUE(refused->done());
  const absl::Status status = refused->result().status();
  EXPECT_THAT(status, IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_QUOTA_PER_SECOND));
  EXPECT_EQ(RetryDelayOf(status), absl::Milliseconds(750));
  EXPECT_THAT(std::string(status.message()), HasSubstr("2 requests to Amplitude a second"));
  const auto failure = DetailOf<google::rpc::QuotaFailure>(status);
  ASSERT_TRUE(failure);
  ASSERT_EQ(failure->violations_size(), 1);
  EXPECT_EQ(failure->violations(0).subject(), "management_key:service");
  EXPECT_EQ(failure->violations(0).description(), "2 requests to Amplitude a second");
  EXPECT_EQ(observer.refused_second, 1);
  EXPECT_EQ(observer.waiting, 0u);
  EXPECT_THAT(amplitude.seen, SizeIs(2));

  const Read patient = Get(NewCall("a", 1), "patient");
  EXPECT_FALSE(patient->done());
  loop.Advance(absl::Milliseconds(750));
  EXPECT_TRUE(patient->done());
}

TEST_F(QuotaSecondTest, ARequestUnderWayIsTakenToHoldItsPermitForTwoSeconds) {
  Begin({.per_second = 1});
  amplitude.takes = absl::Seconds(30);
  Get("a", "hangs");
  const Read refused = Get(NewCall("a", 1), "refused");
  ASSERT_TRUE(refused->done());
  EXPECT_EQ(RetryDelayOf(refused->result().status()), absl::Seconds(2));
  Get(NewCall("a", 2), "served");
  loop.Advance(absl::Milliseconds(1999));
  EXPECT_THAT(amplitude.Names(), ElementsAre("hangs"));
  loop.Advance(absl::Milliseconds(1));
  EXPECT_THAT(amplitude.Names(), ElementsAre("hangs", "served"));
}

TEST_F(QuotaSecondTest, WhoWaitsIsWokenEarlierWhenARequestEndsEarlier) {
  Begin({.per_second = 1});
  amplitude.takes = absl::Milliseconds(100);
  Get("a", "1");
  Get("a", "2");
  loop.Advance(absl::Milliseconds(100));
  loop.Advance(absl::Milliseconds(1000));
  EXPECT_THAT(amplitude.Names(), ElementsAre("1", "2"));
}

TEST_F(QuotaSecondTest, RoundsBeforeTheTurnCountForWhoArrives) {
  Begin({.per_second = 2});
  for (int i = 0; i < 6; ++i) Get(NewCall("a", 100), "before");  // 2 start, 4 wait
  loop.Poll();
  const Read refused = Get(NewCall("a", 4), "refused");
  ASSERT_TRUE(refused->done());
  // A permit at 1 s, and two rounds of at most 2 s each.
  EXPECT_EQ(RetryDelayOf(refused->result().status()), absl::Seconds(5));
  EXPECT_FALSE(Get(NewCall("b", 4), "has few turns before it")->done());
}

TEST_F(QuotaSecondTest, WhoIsCancelledLeavesTheQueueAtOnce) {
  Begin({.per_second = 1});
  Get("a", "first");
  Call& edit_call = NewWrite();
  const Read read = Get("a", "cancelled");
  const auto edit = loop.Start(api->Edit(edit_call, "cancelled too", {}));
  const Read last = Get("b", "last");
  EXPECT_EQ(observer.waiting, 3u);
  read->Cancel();
  edit->Cancel();
  loop.Poll();
  ASSERT_TRUE(read->done());
  EXPECT_TRUE(absl::IsCancelled(read->result().status()));
  ASSERT_TRUE(edit->done());
  EXPECT_EQ(edit->result().effect, WriteEffect::kNone);
  EXPECT_TRUE(absl::IsCancelled(edit->result().status));
  EXPECT_EQ(observer.waiting, 1u);
  loop.Advance(absl::Seconds(1));
  EXPECT_TRUE(last->done());
  EXPECT_THAT(amplitude.Names(), ElementsAre("first", "last"));
}

TEST_F(QuotaSecondTest, CoroutinesThatAreDroppedWhileTheyWaitLeaveTheQueue) {
  Begin({.per_second = 1});
  MakeReads(1);
  {
    fakes::TestLoop doomed;
    doomed.Start(api->Get(NewCall("a"), "dropped"));
    EXPECT_EQ(observer.waiting, 1u);
  }
  EXPECT_EQ(observer.waiting, 0u);
  const Read read = Get("a", "later");
  loop.Advance(absl::Seconds(1));
  EXPECT_TRUE(read->done());
}

TEST_F(QuotaSecondTest, CoroutinesMayOutliveTheBook) {
  Begin({.per_second = 1});
  amplitude.takes = absl::Seconds(5);
  Call& write = NewWrite();
  const auto under_way = loop.Start(api->Edit(write, "under way", {}));
  const Read waiting = Get("a", "waiting");
  book.reset();
  waiting->Cancel();
  under_way->Cancel();
  RunFor(absl::Seconds(9));
  EXPECT_TRUE(waiting->done());
  EXPECT_TRUE(under_way->done());
  write.reservation.reset();
}

TEST_F(QuotaSecondTest, EachKeyHasItsOwn) {
  Begin({.per_second = 1});
  Call& own = NewCall("a", 0);
  Call& of_caller = NewCall("a", 0);
  of_caller.credential = std::make_shared<Credential>(Credential{"ampex_caller", true});
  EXPECT_TRUE(GetNow(own).ok());
  EXPECT_TRUE(GetNow(of_caller).ok());
  EXPECT_EQ(observer.left_of_second, 0) << "of the service's own key";
  const absl::Status refused = GetNow(of_caller);
  EXPECT_EQ(DetailOf<google::rpc::QuotaFailure>(refused)->violations(0).subject(),
            "management_key:caller");
}

TEST_F(QuotaSecondTest, TheObserverHearsWhatIsLeftAndWhenItIsWholeAgain) {
  Begin({.per_second = 5, .per_day = 100});
  EXPECT_EQ(observer.left_of_second, 5) << "before the first request";
  EXPECT_EQ(observer.left_of_day, 100);
  MakeReads(2);
  EXPECT_EQ(observer.left_of_second, 3);
  EXPECT_EQ(observer.left_of_day, 98);
  RunFor(absl::Seconds(4));
  EXPECT_EQ(observer.left_of_second, 5);
  RunFor(absl::Seconds(1));
  clock.AdvanceToNextSleeper();  // midnight
  loop.Poll();
  EXPECT_EQ(observer.left_of_day, 100);
  EXPECT_EQ(clock.sleepers(), 0u);
}

TEST_F(QuotaSecondTest, WritesPagesAndCreatesAreRequestsToo) {
  Begin({.per_second = 4, .per_day = 100});
  EXPECT_TRUE(loop.Run(api->List(NewCall("a"), {})).ok());
  EXPECT_TRUE(loop.Run(api->Edit(NewWrite(), "edit", {})).status.ok());
  EXPECT_TRUE(loop.Run(api->EditSlot(NewWrite(), "slot", 1, {})).status.ok());
  v1::MutexGroup group;
  group.set_key("key");
  EXPECT_TRUE(loop.Run(api->Create(NewWrite(), group)).status.ok());
  EXPECT_THAT(amplitude.Names(), ElementsAre("page of a", "edit", "slot", "key"));
  EXPECT_EQ(observer.left_of_second, 0);
  EXPECT_EQ(observer.left_of_day, 96);

  const auto refused = [this](Call& call) -> Call& {
    call.deadline = clock.MonotonicNow();
    return call;
  };
  const auto matches = IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_QUOTA_PER_SECOND);
  EXPECT_THAT(loop.Run(api->List(refused(NewCall("a")), {})).status(), matches);
  for (const WriteResult& result :
       {loop.Run(api->Edit(refused(NewWrite()), "7", {})),
        loop.Run(api->EditSlot(refused(NewWrite()), "7", 1, {})),
        WriteResult(loop.Run(api->Create(refused(NewWrite()), group)))}) {
    EXPECT_EQ(result.effect, WriteEffect::kNone);
    EXPECT_THAT(result.status, matches);
  }
  EXPECT_THAT(amplitude.seen, SizeIs(4));
}

TEST_F(QuotaSecondTest, WhatIsKnownWithoutARequestIsPassedOn) {
  Begin({});
  EXPECT_EQ(api->Known(NewCall("a"), "7"), nullptr);
  amplitude.known = std::make_shared<const FetchedGroup>();
  EXPECT_EQ(api->Known(NewCall("a"), "7"), amplitude.known);
}

TEST_F(QuotaSecondTest, WithoutAKeyNothingIsAskedFor) {
  class NoKey final : public KeySource {
    absl::StatusOr<std::shared_ptr<const Credential>> CurrentKey() override {
      return absl::FailedPreconditionError("no key");
    }
  };
  Begin({});
  NoKey none;
  QuotaApi without(amplitude, none, *book);
  EXPECT_EQ(loop.Run(without.Get(NewCall("a"), "7")).status().message(), "no key");
  EXPECT_EQ(loop.Run(without.List(NewCall("a"), {})).status().message(), "no key");
  EXPECT_EQ(loop.Run(without.Edit(NewWrite(), "7", {})).status.message(), "no key");
  EXPECT_EQ(loop.Run(without.EditSlot(NewWrite(), "7", 1, {})).status.message(), "no key");
  EXPECT_EQ(loop.Run(without.Create(NewWrite(), {})).status.message(), "no key");
  EXPECT_THAT(amplitude.seen, IsEmpty());
}

}  // namespace
}  // namespace mutexd::amplitude
