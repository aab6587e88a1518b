#include "service/amplitude/retrying_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "service/amplitude/attempt_timeout.h"
#include "service/amplitude/error.h"
#include "service/amplitude/retry_rules.h"
#include "tests/fakes/error_matcher.h"
#include "tests/fakes/fake_amplitude.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::amplitude {
namespace {

using fakes::AnsweredWith;
using fakes::ConnectionLost;
using fakes::IsError;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class RecordingObserver final : public PolicyObserver {
 public:
  std::vector<std::pair<Operation, absl::Duration>> retries;
  std::vector<RetryEnd> ends;

  void OnRetry(Operation operation, absl::Duration wait) override {
    retries.emplace_back(operation, wait);
  }
  void OnRetriesEnded(Operation, RetryEnd why) override { ends.push_back(why); }
};

class RetryingApiTest : public testing::Test {
 protected:
  RetryingApiTest() {
    call_.deadline = loop_.clock().MonotonicNow() + std::chrono::seconds(20);
    v1::MutexGroup group;
    group.set_id("7");
    group.add_slots()->set_percentage(100);
    amplitude_.groups.push_back(std::move(group));
  }

  RetryingApi Api(RetryOptions options = {}) {
    return {amplitude_, loop_.clock(), [this] { return random_; }, observer_, options};
  }

  absl::Status Get(RetryingApi& api) { return loop_.Run(api.Get(call_, "7")).status(); }

  // How many milliseconds after the first the requests came.
  std::vector<int> Times() const { return amplitude_.ReadTimes(); }

  fakes::TestLoop loop_;
  fakes::FakeAmplitude amplitude_{loop_.clock()};
  RecordingObserver observer_;
  double random_ = 1;
  Call call_;
};

TEST_F(RetryingApiTest, ASuccessIsAskedForOnce) {
  RetryingApi api = Api();
  EXPECT_TRUE(Get(api).ok());
  EXPECT_THAT(Times(), ElementsAre(0));
}

TEST_F(RetryingApiTest, ReadsAreRepeatedWhenTheFailureMayPass) {
  for (const absl::Status& failure :
       {ConnectionLost(), AnsweredWith(Operation::kGet, 502), AnsweredWith(Operation::kGet, 503),
        AnsweredWith(Operation::kGet, 504)}) {
    amplitude_.requests.clear();
    amplitude_.NextRead(failure);
    RetryingApi api = Api();
    EXPECT_TRUE(Get(api).ok()) << failure;
    EXPECT_THAT(Times(), ElementsAre(0, 200)) << failure;
  }
}

TEST_F(RetryingApiTest, WhatTheNextAttemptWillSayTooIsNotRepeated) {
  for (const int http_status : {400, 401, 403, 404, 408, 409, 500, 501}) {
    amplitude_.requests.clear();
    amplitude_.NextRead(AnsweredWith(Operation::kGet, http_status));
    RetryingApi api = Api();
    EXPECT_EQ(Get(api), AnsweredWith(Operation::kGet, http_status));
    EXPECT_THAT(Times(), ElementsAre(0)) << http_status;
  }
}

TEST_F(RetryingApiTest, BacksOffExponentiallyWithFullJitter) {
  amplitude_.fail_reads = ConnectionLost();
  RetryingApi longest = Api();
  EXPECT_FALSE(Get(longest).ok());
  EXPECT_THAT(Times(), ElementsAre(0, 200, 600, 1400, 3000));

  amplitude_.requests.clear();
  random_ = 0.25;
  RetryingApi quarter = Api();
  EXPECT_FALSE(Get(quarter).ok());
  EXPECT_THAT(Times(), ElementsAre(0, 50, 150, 350, 750));
}

TEST_F(RetryingApiTest, NoWaitIsLongerThanTheLongest) {
  amplitude_.fail_reads = ConnectionLost();
  RetryOptions options;
  options.max_attempts = 6;
  options.backoff.longest = absl::Milliseconds(500);
  RetryingApi api = Api(options);
  EXPECT_FALSE(Get(api).ok());
  EXPECT_THAT(Times(), ElementsAre(0, 200, 600, 1100, 1600, 2100));
}

TEST_F(RetryingApiTest, ListsAreRepeatedWithTheSameQuery) {
  amplitude_.NextRead(ConnectionLost());
  RetryingApi api = Api();
  EXPECT_TRUE(loop_.Run(api.List(call_, {.limit = 7, .cursor = "0"})).ok());
  ASSERT_EQ(amplitude_.requests.size(), 2u);
  EXPECT_EQ(amplitude_.requests[1].query.limit, 7);
  EXPECT_EQ(amplitude_.requests[1].query.cursor, "0");
}

TEST_F(RetryingApiTest, WaitsForAsLongAsAmplitudeAsks) {
  absl::Status limited = AnsweredWith(Operation::kGet, 429);
  SetRetryDelay(limited, absl::Seconds(7));
  amplitude_.NextRead(limited);
  RetryingApi api = Api();
  EXPECT_TRUE(Get(api).ok());
  EXPECT_THAT(Times(), ElementsAre(0, 7000));
  EXPECT_THAT(observer_.retries, ElementsAre(Pair(Operation::kGet, absl::Seconds(7))));
}

TEST_F(RetryingApiTest, NeverRepeatsBeyondTheDeadline) {
  absl::Status limited = AnsweredWith(Operation::kGet, 429);
  SetRetryDelay(limited, absl::Seconds(20));
  amplitude_.NextRead(limited);
  RetryingApi api = Api();
  const absl::Status status = Get(api);
  EXPECT_THAT(status, IsError(absl::StatusCode::kResourceExhausted,
                              v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED));
  EXPECT_EQ(RetryDelayOf(status), absl::Seconds(20));
  EXPECT_THAT(status.message(), HasSubstr("given up after 1 attempt: the next would come after"));
  EXPECT_THAT(Times(), ElementsAre(0));
  EXPECT_THAT(observer_.ends, ElementsAre(RetryEnd::kDeadline));
}

TEST_F(RetryingApiTest, AnAttemptThatTheDeadlineWouldCutOffIsNotBegun) {
  absl::Status limited = AnsweredWith(Operation::kGet, 429);
  SetRetryDelay(limited, absl::Milliseconds(19'950));
  amplitude_.NextRead(limited);
  RetryingApi api = Api();
  EXPECT_FALSE(Get(api).ok());
  EXPECT_THAT(Times(), ElementsAre(0));
}

TEST_F(RetryingApiTest, TheLastErrorSaysWhichRuleEndedIt) {
  amplitude_.fail_reads = AnsweredWith(Operation::kGet, 503);
  RetryingApi api = Api();
  const absl::Status status = Get(api);
  EXPECT_THAT(status,
              IsError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_EQ(MetadataOf(status, "http_status"), "503");
  EXPECT_THAT(status.message(), HasSubstr("given up after 5 attempts: no more are made"));
  EXPECT_THAT(observer_.ends, ElementsAre(RetryEnd::kAttempts));
}

TEST_F(RetryingApiTest, ABudgetFedBySuccessesEndsStorms) {
  RetryOptions options;
  options.max_attempts = 2;
  options.budget = {.most = 2, .per_success = 0.5};
  RetryingApi api = Api(options);
  amplitude_.fail_reads = ConnectionLost();
  EXPECT_FALSE(Get(api).ok());
  EXPECT_FALSE(Get(api).ok());
  EXPECT_EQ(amplitude_.requests.size(), 4u);
  const absl::Status status = Get(api);
  EXPECT_THAT(status.message(), HasSubstr("given up after 1 attempt: so many requests fail"));
  EXPECT_EQ(amplitude_.requests.size(), 5u);

  // Answers refill it, errors of the caller included.
  amplitude_.fail_reads = absl::OkStatus();
  EXPECT_TRUE(Get(api).ok());
  amplitude_.NextRead(AnsweredWith(Operation::kGet, 404));
  EXPECT_FALSE(Get(api).ok());
  amplitude_.NextRead(ConnectionLost());
  EXPECT_TRUE(Get(api).ok());
}

TEST_F(RetryingApiTest, WritesAreRepeatedOnlyWhereTheyCertainlyHadNoEffect) {
  RetryingApi api = Api();
  amplitude_.NextWrite({.status = ConnectionLost()});
  EXPECT_EQ(loop_.Run(api.Edit(call_, "7", {.name = "new"})).effect, WriteEffect::kAccepted);
  EXPECT_EQ(amplitude_.Count(Operation::kEdit), 2u);
  EXPECT_EQ(amplitude_.Find("7")->name(), "new");

  amplitude_.NextWrite({.status = AnsweredWith(Operation::kEditSlot, 429)});
  SlotEdit edit;
  edit.individuals = {"ada"};
  EXPECT_EQ(loop_.Run(api.EditSlot(call_, "7", 1, edit)).effect, WriteEffect::kAccepted);
  EXPECT_EQ(amplitude_.Count(Operation::kEditSlot), 2u);

  amplitude_.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_EQ(loop_.Run(api.Edit(call_, "7", {.name = "lost"})).effect, WriteEffect::kUnknown);
  EXPECT_EQ(amplitude_.Count(Operation::kEdit), 3u);
}

TEST_F(RetryingApiTest, CreatesAreNeverRepeatedHere) {
  RetryingApi api = Api();
  amplitude_.NextWrite({.status = ConnectionLost()});
  v1::MutexGroup group;
  EXPECT_EQ(loop_.Run(api.Create(call_, group)).effect, WriteEffect::kNone);
  EXPECT_EQ(amplitude_.Count(Operation::kCreate), 1u);
}

TEST_F(RetryingApiTest, CancelledWhileItWaits) {
  amplitude_.fail_reads = ConnectionLost();
  RetryingApi api = Api();
  const auto started = loop_.Start(api.Get(call_, "7"));
  ASSERT_FALSE(started->done());
  started->Cancel();
  loop_.Poll();
  ASSERT_TRUE(started->done());
  EXPECT_TRUE(absl::IsCancelled(started->result().status()));
}

TEST_F(RetryingApiTest, AnOpenCircuitIsNotWaitedFor) {
  absl::Status open = ConnectionLost();
  SetMetadata(open, kCircuitMetadata, kCircuitOpen);
  amplitude_.NextRead(open);
  RetryingApi api = Api();
  EXPECT_EQ(Get(api), open);
  EXPECT_THAT(Times(), ElementsAre(0));
  EXPECT_THAT(observer_.ends, IsEmpty());
}

TEST(RetryRules, AReplyThatWasCutMayBeWholeTheNextTime) {
  absl::Status cut = ConnectionLost();
  SetMetadata(cut, "http_status", "200");
  EXPECT_TRUE(MayPass(cut));
  EXPECT_TRUE(IsOutage(cut));
}

TEST(RetryRules, ALimitIsNoOutage) {
  const absl::Status limited = AnsweredWith(Operation::kGet, 429);
  EXPECT_TRUE(MayPass(limited));
  EXPECT_FALSE(IsOutage(limited));
}

TEST(AttemptTimeout, LeavesTimeForAnotherAttempt) {
  const absl::Duration cap = absl::Seconds(10);
  EXPECT_EQ(AttemptTimeout(cap, absl::InfiniteDuration()), absl::Seconds(10));
  EXPECT_EQ(AttemptTimeout(cap, absl::Seconds(30)), absl::Seconds(10));
  EXPECT_EQ(AttemptTimeout(cap, absl::Seconds(12)), absl::Seconds(6));
  EXPECT_EQ(AttemptTimeout(cap, absl::Seconds(3)), absl::Seconds(2));
  EXPECT_EQ(AttemptTimeout(cap, absl::Seconds(1)), absl::Seconds(1));
  EXPECT_EQ(AttemptTimeout(absl::Milliseconds(500), absl::Seconds(1)), absl::Milliseconds(500));
}

TEST(Backoff, RandomUnitsAreInTheirRangeAndDiffer) {
  const double first = NextRandomUnit();
  const double second = NextRandomUnit();
  EXPECT_NE(first, second);
  for (const double unit : {first, second}) {
    EXPECT_GE(unit, 0);
    EXPECT_LT(unit, 1);
  }
}

}  // namespace
}  // namespace mutexd::amplitude
