#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/amplitude/circuit.h"
#include "service/amplitude/circuit_api.h"
#include "service/amplitude/error.h"
#include "tests/fakes/error_matcher.h"
#include "tests/fakes/fake_amplitude.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::amplitude {
namespace {

using fakes::AnsweredWith;
using fakes::ConnectionLost;
using fakes::IsError;
using testing::ElementsAre;
using testing::IsEmpty;

class RecordingObserver final : public PolicyObserver {
 public:
  std::vector<CircuitState> changes;
  std::vector<absl::Duration> waits;
  int refused = 0;

  void OnCircuitChange(CircuitState state, absl::Duration wait) override {
    changes.push_back(state);
    if (state == CircuitState::kOpen) waits.push_back(wait);
  }
  void OnCircuitRefused(Operation) override { ++refused; }
};

class CircuitTest : public testing::Test {
 protected:
  CircuitTest() {
    v1::MutexGroup group;
    group.set_id("7");
    group.add_slots()->set_percentage(100);
    amplitude_.groups.push_back(std::move(group));
  }

  absl::Status Get() { return loop_.Run(api_.Get(call_, "7")).status(); }

  // So many failing requests, one every `interval`.
  void Fail(int requests, absl::Duration interval) {
    amplitude_.fail_reads = ConnectionLost();
    for (int i = 0; i < requests; ++i) {
      EXPECT_FALSE(Get().ok());
      loop_.Advance(interval);
    }
    amplitude_.fail_reads = absl::OkStatus();
  }

  void OpenIt() {
    Fail(21, absl::Milliseconds(150));
    ASSERT_EQ(circuit_->state(), CircuitState::kOpen);
    // Fail waited once after the last request.
    amplitude_.requests.clear();
  }

  fakes::TestLoop loop_;
  fakes::FakeAmplitude amplitude_{loop_.clock()};
  RecordingObserver observer_;
  double random_ = 0.5;  // waits are not changed by chance
  std::shared_ptr<Circuit> circuit_ = std::make_shared<Circuit>(
      loop_.clock(), [this] { return random_; }, observer_, CircuitOptions());
  CircuitApi api_{amplitude_, circuit_, observer_};
  Call call_;
};

TEST_F(CircuitTest, OpensAfterTwentyFailuresInThreeSeconds) {
  Fail(20, absl::Milliseconds(150));
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed) << "the outage has lasted for 2.85 s";
  Fail(1, absl::ZeroDuration());
  EXPECT_EQ(circuit_->state(), CircuitState::kOpen);
  EXPECT_THAT(observer_.changes, ElementsAre(CircuitState::kOpen));
}

TEST_F(CircuitTest, AHundredFailuresOfOneMomentAreOneLostConnection) {
  Fail(100, absl::ZeroDuration());
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed);
  EXPECT_TRUE(Get().ok());
}

TEST_F(CircuitTest, FailuresFarApartAreNoStorm) {
  Fail(20, absl::Seconds(31));
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed);
}

TEST_F(CircuitTest, StaysClosedWhileOneRequestInTenSucceeds) {
  for (int i = 0; i < 50; ++i) {
    Fail(9, absl::Milliseconds(100));
    EXPECT_TRUE(Get().ok());
  }
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed);
}

TEST_F(CircuitTest, OpensWhenHardlyAnyRequestSucceeds) {
  for (int i = 0; i < 10; ++i) {
    Fail(19, absl::Milliseconds(50));
    if (circuit_->state() != CircuitState::kClosed) break;
    EXPECT_TRUE(Get().ok());
  }
  EXPECT_EQ(circuit_->state(), CircuitState::kOpen);
}

TEST_F(CircuitTest, WhatAmplitudeRefusesShowsThatItIsThere) {
  for (int i = 0; i < 30; ++i) {
    Fail(3, absl::Milliseconds(100));
    amplitude_.NextRead(AnsweredWith(Operation::kGet, i % 2 == 0 ? 404 : 429));
    EXPECT_FALSE(Get().ok());
  }
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed);
}

TEST_F(CircuitTest, A500TellsNothing) {
  for (int i = 0; i < 100; ++i) {
    amplitude_.NextRead(AnsweredWith(Operation::kGet, 500));
    EXPECT_FALSE(Get().ok());
    loop_.Advance(absl::Milliseconds(100));
  }
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed);
}

TEST_F(CircuitTest, RefusesAtOnceWhileItIsOpenAndSaysWhenToComeBack) {
  OpenIt();
  const absl::Status status = Get();
  EXPECT_THAT(status,
              IsError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_EQ(MetadataOf(status, "circuit"), "open");
  EXPECT_EQ(RetryDelayOf(status), absl::Milliseconds(350));
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr(std::string(ConnectionLost().message())));
  EXPECT_THAT(amplitude_.requests, IsEmpty());
  EXPECT_EQ(observer_.refused, 1);
}

TEST_F(CircuitTest, RefusedWritesCertainlyHadNoEffect) {
  OpenIt();
  EXPECT_EQ(loop_.Run(api_.Edit(call_, "7", {})).effect, WriteEffect::kNone);
  EXPECT_EQ(loop_.Run(api_.EditSlot(call_, "7", 1, {})).effect, WriteEffect::kNone);
  EXPECT_EQ(loop_.Run(api_.Create(call_, amplitude_.groups[0])).effect, WriteEffect::kNone);
  EXPECT_FALSE(loop_.Run(api_.List(call_, {})).ok());
  EXPECT_THAT(amplitude_.requests, IsEmpty());
}

TEST_F(CircuitTest, OneRequestAtATimeIsTheProbe) {
  OpenIt();
  loop_.Advance(absl::Seconds(1));
  amplitude_.NextReadHangs();
  const auto probe = loop_.Start(api_.Get(call_, "7"));
  EXPECT_EQ(circuit_->state(), CircuitState::kHalfOpen);
  EXPECT_FALSE(Get().ok());
  EXPECT_EQ(amplitude_.requests.size(), 1u);

  // One whose caller goes away tells nothing, and the next request is the probe.
  probe->Cancel();
  loop_.Poll();
  EXPECT_EQ(circuit_->state(), CircuitState::kOpen);
  EXPECT_TRUE(Get().ok());
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed);
}

TEST_F(CircuitTest, ClosesAsSoonAsAProbeIsAnswered) {
  OpenIt();
  loop_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Get().ok());
  EXPECT_THAT(observer_.changes,
              ElementsAre(CircuitState::kOpen, CircuitState::kHalfOpen, CircuitState::kClosed));
  Fail(19, absl::Milliseconds(500));
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed) << "it counts anew";
}

TEST_F(CircuitTest, ProbesEverMoreSeldomUpToTheLongestWait) {
  OpenIt();
  for (int i = 0; i < 8; ++i) {
    loop_.Advance(observer_.waits.back());
    Fail(1, absl::ZeroDuration());
  }
  EXPECT_THAT(observer_.waits,
              ElementsAre(absl::Milliseconds(500), absl::Seconds(1), absl::Seconds(2),
                          absl::Seconds(4), absl::Seconds(8), absl::Seconds(16), absl::Seconds(30),
                          absl::Seconds(30), absl::Seconds(30)));
}

TEST_F(CircuitTest, ReplicasDoNotProbeTogether) {
  random_ = 0;
  OpenIt();
  EXPECT_EQ(observer_.waits.back(), absl::Milliseconds(400));
  loop_.Advance(absl::Seconds(1));
  random_ = 1;
  Fail(1, absl::ZeroDuration());
  EXPECT_EQ(observer_.waits.back(), absl::Milliseconds(1200));
}

TEST_F(CircuitTest, AnAnswerToAnEarlierRequestClosesItToo) {
  const auto admission = circuit_->Admit();
  OpenIt();
  circuit_->Report(*admission, Circuit::Result::kReached);
  EXPECT_EQ(circuit_->state(), CircuitState::kClosed);
}

TEST_F(CircuitTest, FailuresOfEarlierRequestsDoNotProlongIt) {
  const auto admission = circuit_->Admit();
  OpenIt();
  loop_.Advance(absl::Milliseconds(500));
  circuit_->Report(*admission, Circuit::Result::kOutage);
  EXPECT_EQ(circuit_->TimeToProbe(), absl::ZeroDuration());
}

}  // namespace
}  // namespace mutexd::amplitude
