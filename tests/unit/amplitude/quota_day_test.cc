#include "tests/unit/amplitude/quota_fixture.h"

// The quota of the day, what is put aside for writes, and what Amplitude's own refusals change.
namespace mutexd::amplitude {
namespace {

using absl::StatusCode;
using fakes::IsError;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

auto IsDaySpent() {
  return IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_QUOTA_PER_DAY);
}

auto IsRateLimited() {
  return IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED);
}

class QuotaDayTest : public QuotaTest {
 protected:
  absl::Duration UntilMidnight() { return StartOf(UtcDayOf(clock.Now()) + 1) - clock.Now(); }

  std::int64_t Made() {
    const DayCounts counts = book->Counts();
    return counts.made.empty() ? 0 : counts.made.begin()->second;
  }
};

TEST_F(QuotaDayTest, ReadsAreRefusedWhenOnlyTheReserveOfWritesIsLeft) {
  Begin({.per_day = 20, .write_reserve = 0.25});
  MakeReads(15);
  const absl::Status status = ReadNow();
  EXPECT_THAT(status, IsDaySpent());
  EXPECT_EQ(RetryDelayOf(status), UntilMidnight());
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("20 requests to Amplitude a day"), HasSubstr("5 left"),
                    HasSubstr("kept for writes"), HasSubstr("00:00 UTC")));
  EXPECT_EQ(DetailOf<google::rpc::QuotaFailure>(status)->violations(0).description(),
            "20 requests to Amplitude a day");
  EXPECT_THAT(amplitude.seen, SizeIs(15));
  EXPECT_EQ(observer.refused_day, 1);

  Call& write = NewWrite();
  EXPECT_TRUE(GetNow(write).ok()) << "a read of a write";
  EXPECT_TRUE(EditNow(write).ok());
}

TEST_F(QuotaDayTest, WithoutAReserveReadsMayTakeAll) {
  Begin({.per_day = 4, .write_reserve = 0});
  MakeReads(4);
  const absl::Status status = ReadNow();
  EXPECT_THAT(status, IsDaySpent());
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing left"));
}

TEST_F(QuotaDayTest, AWriteStartsOnlyIfItsNeedIsLeft) {
  Begin({.per_day = 10, .write_reserve = 0});
  MakeReads(8);
  Call& write = NewWrite(3);
  const absl::Status status = GetNow(write);
  EXPECT_THAT(status, IsDaySpent());
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("2 left"), HasSubstr("this write takes 3")));
  EXPECT_EQ(write.reservation, nullptr);
  EXPECT_TRUE(GetNow(NewWrite(2)).ok());
}

TEST_F(QuotaDayTest, AWriteThatDoesNotSayItsNeedTakesOne) {
  Begin({.per_day = 2, .write_reserve = 0});
  MakeReads(1);
  EXPECT_TRUE(EditNow(NewWrite(0)).ok());
  EXPECT_THAT(EditNow(NewWrite(0)), IsDaySpent());
}

TEST_F(QuotaDayTest, WhatIsPutAsideForAWriteIsNotLeftForOthers) {
  Begin({.per_day = 10, .write_reserve = 0});
  MakeReads(4);
  Call& write = NewWrite(5);
  EXPECT_TRUE(GetNow(write).ok());  // 5 made, 4 put aside
  const absl::Status status = GetNow(NewWrite(3));
  EXPECT_THAT(status, IsDaySpent());
  EXPECT_THAT(std::string(status.message()), HasSubstr("as 4 are put aside"));
  MakeReads(1);
  EXPECT_THAT(ReadNow(), IsDaySpent());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(EditNow(write).ok()) << i;
  EXPECT_THAT(EditNow(write), IsDaySpent());
  EXPECT_THAT(amplitude.seen, SizeIs(10));
}

TEST_F(QuotaDayTest, WhatIsPutAsideIsGivenBackWithTheCall) {
  Begin({.per_day = 10, .write_reserve = 0});
  MakeReads(5);
  Call& write = NewWrite(5);
  EXPECT_TRUE(GetNow(write).ok());
  EXPECT_THAT(ReadNow(), IsDaySpent());
  write.reservation.reset();
  EXPECT_TRUE(ReadNow().ok());
}

TEST_F(QuotaDayTest, FurtherRequestsOfAWriteTakeWhatIsLeftDownToNothing) {
  Begin({.per_day = 10, .write_reserve = 0.5});
  Call& write = NewWrite(3);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(GetNow(write).ok()) << i;
  EXPECT_THAT(GetNow(write), IsDaySpent());
  EXPECT_THAT(amplitude.seen, SizeIs(10));
}

TEST_F(QuotaDayTest, WhatIsPutAsideForTheFormerKeyDoesNotCountForTheNewOne) {
  Begin({.per_day = 4, .write_reserve = 0});
  Call& write = NewWrite(3);
  EXPECT_TRUE(GetNow(write).ok());
  write.credential = std::make_shared<Credential>(Credential{"ampex_other", true});
  EXPECT_TRUE(EditNow(write).ok());
  write.credential = nullptr;
  EXPECT_TRUE(GetNow(write).ok());
}

TEST_F(QuotaDayTest, BeginsAnewAtMidnightUtc) {
  Begin({.per_day = 2, .write_reserve = 0});
  MakeReads(2);
  const absl::Duration rest = UntilMidnight();
  loop.Advance(rest - absl::Nanoseconds(1));
  EXPECT_THAT(ReadNow(), IsDaySpent());
  loop.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(ReadNow().ok());
  EXPECT_EQ(observer.left_of_day, 1);
}

TEST_F(QuotaDayTest, ARequestCountsForTheDayOnWhichItStarts) {
  Begin({.per_second = 1, .per_day = 2, .write_reserve = 0});
  loop.Advance(UntilMidnight() - absl::Milliseconds(500));
  MakeReads(1);
  const Read waits = Get("a", "7");
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(waits->done());
  EXPECT_TRUE(waits->result().ok());
  EXPECT_EQ(Made(), 1);
}

TEST_F(QuotaDayTest, WhoWaitsIsRefusedWhenTheDayIsSpentMeanwhile) {
  Begin({.per_second = 1, .per_day = 2, .write_reserve = 0});
  MakeReads(1);
  const Read second = Get("a", "2");
  const Read third = Get("b", "3");
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(second->done());
  EXPECT_TRUE(second->result().ok());
  ASSERT_TRUE(third->done()) << "at once";
  EXPECT_THAT(third->result().status(), IsDaySpent());
  EXPECT_EQ(observer.waiting, 0u);
}

TEST_F(QuotaDayTest, AClockThatGoesBackDoesNotGiveADayTwice) {
  Begin({.per_day = 10, .write_reserve = 0});
  loop.Advance(UntilMidnight() + absl::Seconds(1));
  MakeReads(7);
  clock.JumpTo(clock.Now() - absl::Minutes(1));  // the day before
  EXPECT_EQ(Made(), 7);
  MakeReads(2);
  clock.JumpTo(clock.Now() + absl::Minutes(1));
  EXPECT_EQ(Made(), 9);
  MakeReads(1);
  const absl::Status status = ReadNow();
  EXPECT_THAT(status, IsDaySpent());
  EXPECT_EQ(RetryDelayOf(status), UntilMidnight());
}

TEST_F(QuotaDayTest, AClockThatWasYearsAheadDoesNotHoldUpTheFollowingDays) {
  Begin({.per_day = 10, .write_reserve = 0});
  const absl::Time true_time = clock.Now();
  clock.JumpTo(true_time + absl::Hours(24 * 365 * 10));
  MakeReads(10);
  clock.JumpTo(true_time);
  EXPECT_THAT(ReadNow(), IsDaySpent()) << "what was made is kept";
  loop.Advance(UntilMidnight());
  EXPECT_TRUE(ReadNow().ok());
}

TEST_F(QuotaDayTest, EachHalvingOfAPageIsARequest) {
  Begin({.per_day = 10, .write_reserve = 0});
  amplitude.served_limit = 250;
  EXPECT_TRUE(loop.Run(api->List(NewCall("a"), {})).ok());  // 1000, 500, 250
  EXPECT_EQ(Made(), 3);
  const ListQuery query{.limit = 250};
  EXPECT_TRUE(loop.Run(api->List(NewCall("a"), query)).ok());
  EXPECT_EQ(Made(), 4);
}

// -- what Amplitude says

TEST_F(QuotaDayTest, NothingStartsBeforeAmplitudeAllows) {
  Begin({});
  AnswerOneRead(RateLimited(absl::Seconds(4)));
  EXPECT_EQ(observer.left_of_second, 0);
  const Read waits = Get(NewCall("a", 4), "waits");
  const Read refused = Get(NewCall("a", 3), "refused");
  ASSERT_TRUE(refused->done());
  EXPECT_THAT(refused->result().status(), IsRateLimited());
  EXPECT_EQ(RetryDelayOf(refused->result().status()), absl::Seconds(4));
  EXPECT_TRUE(DetailOf<google::rpc::QuotaFailure>(refused->result().status()));
  loop.Advance(absl::Milliseconds(3999));
  EXPECT_FALSE(waits->done());
  loop.Advance(absl::Milliseconds(1));
  ASSERT_TRUE(waits->done());
  EXPECT_TRUE(waits->result().ok());
  EXPECT_THAT(amplitude.Names(), ElementsAre("7", "waits"));
}

TEST_F(QuotaDayTest, WhoAlreadyWaitsIsRefusedAtOnceIfItsTurnNowComesTooLate) {
  Begin({.per_second = 2});
  amplitude.takes = absl::Milliseconds(100);
  amplitude.answer = RateLimited(absl::Seconds(5));
  Get("a", "refused by Amplitude");
  Get("a", "refused by Amplitude");
  const Read in_time = Get(NewCall("b", 6), "in time");
  const Read in_vain = Get(NewCall("c", 4), "in vain");
  const Read takes_its_place = Get(NewCall("d", 6), "takes its place");
  const Read in_the_next_round = Get(NewCall("e", 6), "in the next round");
  loop.Advance(absl::Milliseconds(100));
  EXPECT_FALSE(in_time->done());
  EXPECT_FALSE(takes_its_place->done());
  ASSERT_TRUE(in_vain->done());
  EXPECT_THAT(in_vain->result().status(), IsRateLimited());
  ASSERT_TRUE(in_the_next_round->done());
  EXPECT_THAT(in_the_next_round->result().status(), IsRateLimited());
  EXPECT_EQ(RetryDelayOf(in_the_next_round->result().status()), absl::Seconds(7));
  amplitude.answer = absl::OkStatus();
  RunFor(absl::Seconds(6));
  EXPECT_TRUE(in_time->result().ok());
  EXPECT_TRUE(takes_its_place->result().ok());
}

TEST_F(QuotaDayTest, AShorterWaitDoesNotEndALongerOne) {
  Begin({});
  amplitude.takes = absl::Milliseconds(10);
  amplitude.answer = RateLimited(absl::Seconds(5));
  Get("a", "one");
  loop.Advance(absl::Milliseconds(5));
  amplitude.answer = RateLimited(absl::Seconds(1));
  Get("a", "other");
  loop.Advance(absl::Milliseconds(20));
  const Read refused = Get(NewCall("a", 2), "refused");
  EXPECT_TRUE(refused->done());
}

TEST_F(QuotaDayTest, OneRefusalOfAmplitudeConcernsOneKey) {
  Begin({});
  AnswerOneRead(RateLimited(absl::Seconds(30)));
  Call& other = NewCall("a", 1);
  other.credential = std::make_shared<Credential>(Credential{"ampex_other", true});
  EXPECT_TRUE(GetNow(other).ok());
}

TEST_F(QuotaDayTest, OtherErrorsOfAmplitudeHoldUpNobody) {
  Begin({});
  absl::Status unavailable =
      MakeError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE, "503");
  SetRetryDelay(unavailable, absl::Seconds(60));
  AnswerOneRead(unavailable);
  EXPECT_TRUE(ReadNow().ok());
}

TEST_F(QuotaDayTest, AWaitOfOverAnHourMeansThatTheDayIsSpent) {
  Begin({.per_day = 1000});
  Call& write = NewWrite();
  EXPECT_TRUE(GetNow(write).ok());
  AnswerOneRead(RateLimited(absl::Minutes(61)));
  const absl::Status status = ReadNow();
  EXPECT_THAT(status, IsDaySpent());
  EXPECT_EQ(RetryDelayOf(status), UntilMidnight());
  EXPECT_THAT(EditNow(write), IsDaySpent()) << "although some were put aside";
  EXPECT_EQ(observer.left_of_day, 0);
  EXPECT_EQ(Made(), 1000) << "and it survives a restart";
}

TEST_F(QuotaDayTest, AWaitUntilMidnightMeansThatTheDayIsSpent) {
  Begin({.per_day = 1000});
  loop.Advance(UntilMidnight() - absl::Minutes(5));
  AnswerOneRead(RateLimited(absl::Minutes(5) - absl::Seconds(1)));
  EXPECT_THAT(ReadNow(), IsRateLimited());
  loop.Advance(absl::Minutes(5) - absl::Seconds(1));
  AnswerOneRead(RateLimited(absl::Seconds(2)));
  EXPECT_THAT(ReadNow(), IsDaySpent());
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(Made(), 0);
  EXPECT_TRUE(ReadNow().ok()) << "having waited for a second more";
}

// -- many keys, and an earlier life

TEST_F(QuotaDayTest, ForgetsTheKeysOfCallersWhenTheirDayIsOver) {
  Begin({});
  const auto use_keys = [this](int count, const std::string& prefix) {
    for (int i = 0; i < count; ++i) {
      Call call;
      call.credential = std::make_shared<Credential>(Credential{prefix + std::to_string(i), true});
      EXPECT_TRUE(loop.Run(api->Get(call, "7")).ok());
    }
  };
  MakeReads(1);
  use_keys(1000, "monday ");
  EXPECT_EQ(book->size(), 1001u) << "their day's count is kept";
  EXPECT_THAT(book->Counts().made, SizeIs(1001));
  loop.Advance(absl::Hours(24));
  EXPECT_THAT(book->Counts().made, IsEmpty());
  use_keys(1100, "tuesday ");
  EXPECT_LE(book->size(), 1200u);
}

TEST_F(QuotaDayTest, InventedKeysTakeNoMoreThanTheirShareOfMemory) {
  Begin({});
  MakeReads(2);  // with the service's key
  Call& call = NewCall("a");
  call.credential = std::make_shared<Credential>(Credential{"ampex_waits", true});
  amplitude.takes = absl::Hours(1);
  const auto get = loop.Start(api->Get(call, "7"));
  amplitude.takes = absl::ZeroDuration();
  const auto use = [this](std::size_t i) {
    Call hostile;
    hostile.credential = std::make_shared<Credential>(Credential{"x" + std::to_string(i), true});
    EXPECT_TRUE(loop.Run(api->Get(hostile, "7")).ok());
  };
  for (std::size_t i = 0; i < 2 * QuotaBook::kMostKeys; ++i) {
    use(i);
    if (i % 100 == 0) use(0);
  }
  EXPECT_LE(book->size(), QuotaBook::kMostKeys + 1);
  const auto made = book->Counts().made;
  EXPECT_EQ(made.at(Fingerprint({"ampex_waits", true})), 1)
      << "a key with something under way is kept";
  EXPECT_GT(made.at(Fingerprint({"x0", true})), 80) << "a key in use is kept";
  EXPECT_EQ(made.at(Fingerprint({"ampex_service", false})), 2) << "the service's own key is kept";
}

TEST_F(QuotaDayTest, DoesNotForgetAKeyWithSomethingUnderWay) {
  Begin({.per_second = 1});
  amplitude.takes = absl::Hours(30);
  Call& call = NewCall("a");
  call.credential = std::make_shared<Credential>(Credential{"ampex_slow", true});
  call.is_write = true;
  call.requests_needed = 3;
  const auto edit = loop.Start(api->Edit(call, "7", {}));
  loop.Advance(absl::Hours(24));
  amplitude.takes = absl::ZeroDuration();
  for (int i = 0; i < 500; ++i) book->Of({std::to_string(i), true});
  EXPECT_LT(book->size(), 200u) << "those without a request are forgotten";
  EXPECT_EQ(static_cast<bool>(call.reservation), true);
  loop.Advance(absl::Hours(6));
  EXPECT_TRUE(edit->done());
}

TEST_F(QuotaDayTest, CountsGoOnFromAnEarlierLife) {
  Begin({.per_day = 10, .write_reserve = 0});
  MakeReads(4);
  const DayCounts counts = book->Counts();
  EXPECT_THAT(counts.made, ElementsAre(Pair(Fingerprint({"ampex_service"}), 4)));
  EXPECT_EQ(counts.day, UtcDayOf(clock.Now()));
  Begin({.per_day = 10, .write_reserve = 0});
  book->Restore(counts);
  EXPECT_EQ(observer.left_of_day, 6);
  MakeReads(6);
  EXPECT_THAT(ReadNow(), IsDaySpent());
}

TEST_F(QuotaDayTest, AnotherDaysCountsAreNothing) {
  Begin({});
  for (const int days : {-1, 1}) {
    book->Restore({UtcDayOf(clock.Now()) + days, {{Fingerprint({"ampex_service"}), 4}}});
  }
  EXPECT_EQ(Made(), 0);
}

TEST_F(QuotaDayTest, TellsOfEachChange) {
  Begin({.per_day = 1000});
  int changes = 0;
  book->NotifyOfChanges([&changes] { ++changes; });
  MakeReads(3);
  EXPECT_EQ(changes, 3);
  AnswerOneRead(RateLimited(absl::Hours(2)));
  EXPECT_EQ(changes, 5);
  EXPECT_THAT(ReadNow(), IsDaySpent());
  EXPECT_EQ(changes, 5);
}

}  // namespace
}  // namespace mutexd::amplitude
