// What the runner tells the trail of writes, and when callers hear of it.
#include "service/rpc/write_trail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/post.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/error.h"
#include "service/rpc/call_runner.h"
#include "tests/fakes/error_matcher.h"
#include "tests/fakes/fake_amplitude.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

using ::testing::IsEmpty;
using ::testing::SizeIs;

class FakeTrail final : public WriteTrail {
 public:
  absl::Status prepared;  // what Prepare answers
  std::vector<WriteRecord> records;
  std::vector<std::function<void()>> waiting;

  asio::awaitable<absl::Status> Prepare() override { co_return prepared; }
  void Keep(WriteRecord record, std::function<void()> kept) override {
    records.push_back(std::move(record));
    waiting.push_back(std::move(kept));
  }
};

class WriteTrailTest : public ::testing::Test {
 protected:
  WriteTrailTest() {
    v1::MutexGroup group;
    group.set_id("7");
    group.set_name("Old name");
    group.set_state(v1::MutexGroup::STATE_ACTIVE);
    group.add_slots()->set_percentage(100);
    amplitude.groups.push_back(group);
  }

  static std::shared_ptr<v1::UpdateMutexGroupRequest> Update(const std::string& name) {
    auto request = std::make_shared<v1::UpdateMutexGroupRequest>();
    request->mutable_mutex_group()->set_id("7");
    request->mutable_mutex_group()->set_name(name);
    return request;
  }

  void Start(absl::string_view name, MessagePtr request) {
    for (const RpcMethod& method : Methods()) {
      if (method.name != name) continue;
      runner.Start({.method = &method, .request = std::move(request)},
                   [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
    }
    loop.Poll();
    while (trail.waiting.empty() && outcomes.empty() && clock.AdvanceToNextSleeper()) loop.Poll();
  }

  void LetTheTrailKeep() {
    for (auto& kept : std::exchange(trail.waiting, {})) kept();
    loop.Poll();
  }

  // The one record, once its call is over.
  WriteRecord RecordOf(absl::string_view method, MessagePtr request) {
    Start(method, std::move(request));
    LetTheTrailKeep();
    EXPECT_THAT(outcomes, SizeIs(1));
    EXPECT_THAT(trail.records, SizeIs(1));
    return trail.records.empty() ? WriteRecord() : trail.records.front();
  }

  fakes::TestLoop loop;
  fakes::TestClock& clock = loop.clock();
  fakes::FakeAmplitude amplitude{clock};
  groups::Gateway gateway{amplitude, clock, {}};
  FakeTrail trail;
  CallRunner runner{loop.loop().get_executor(), gateway, nullptr, {.trail = &trail}};
  std::vector<Outcome> outcomes;
};

TEST_F(WriteTrailTest, TheCallerHearsOfAWriteWhenItsRecordIsKept) {
  Start("UpdateMutexGroup", Update("New name"));
  EXPECT_EQ(amplitude.groups.front().name(), "New name");
  EXPECT_THAT(outcomes, IsEmpty());
  EXPECT_EQ(runner.calls_under_way(), 1u);
  LetTheTrailKeep();
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_TRUE(outcomes[0].reply);
  EXPECT_EQ(runner.calls_under_way(), 0u);
}

TEST_F(WriteTrailTest, HasTheGroupBeforeAndAfter) {
  const WriteRecord record = RecordOf("UpdateMutexGroup", Update("New name"));
  EXPECT_EQ(record.report.mutex_group_id, "7");
  EXPECT_TRUE(record.report.write_sent);
  ASSERT_NE(record.before, nullptr);
  ASSERT_NE(record.after, nullptr);
  EXPECT_EQ(record.before->group->name(), "Old name");
  EXPECT_EQ(record.after->group->name(), "New name");
}

TEST_F(WriteTrailTest, HasWhatACreateMade) {
  auto request = std::make_shared<v1::CreateMutexGroupRequest>();
  request->mutable_mutex_group()->set_project_id(1);
  request->mutable_mutex_group()->set_name("Made");
  request->mutable_mutex_group()->add_slots()->set_percentage(100);
  const WriteRecord record = RecordOf("CreateMutexGroup", request);
  EXPECT_EQ(record.before, nullptr);
  ASSERT_NE(record.after, nullptr);
  EXPECT_EQ(record.after->group->name(), "Made");
  EXPECT_EQ(record.report.mutex_group_id, record.after->group->id());
}

TEST_F(WriteTrailTest, HasTheArchivedGroupAsItWasAnswered) {
  auto request = std::make_shared<v1::ArchiveMutexGroupRequest>();
  request->set_mutex_group_id("7");
  const WriteRecord record = RecordOf("ArchiveMutexGroup", request);
  ASSERT_NE(record.after, nullptr);
  EXPECT_EQ(record.before->group->state(), v1::MutexGroup::STATE_ACTIVE);
  EXPECT_EQ(record.after->group->state(), v1::MutexGroup::STATE_ARCHIVED);
}

TEST_F(WriteTrailTest, HasRefusedAttemptsToo) {
  const WriteRecord record = RecordOf("UpdateMutexGroup", Update("bad\x01name"));
  EXPECT_EQ(record.report.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(record.report.mutex_group_id, "7");
  EXPECT_FALSE(record.report.write_sent);
  EXPECT_EQ(record.before, nullptr);
}

TEST_F(WriteTrailTest, HasAttemptsThatArriveInTheDrain) {
  runner.BeginDrain();
  const WriteRecord record = RecordOf("UpdateMutexGroup", Update("New name"));
  EXPECT_EQ(amplitude::ReasonOf(record.report.status), v1::ERROR_REASON_SHUTTING_DOWN);
}

TEST_F(WriteTrailTest, HasRequestsThatCannotBeRead) {
  const WriteRecord record = RecordOf("UpdateMutexGroup", nullptr);
  EXPECT_EQ(record.request, nullptr);
  EXPECT_EQ(record.report.mutex_group_id, "");
}

TEST_F(WriteTrailTest, HasTheGroupBeforeAnEtagThatDoesNotMatch) {
  auto request = Update("New name");
  request->set_etag("v1-00000000000000000000000000000000");
  const WriteRecord record = RecordOf("UpdateMutexGroup", request);
  ASSERT_NE(record.before, nullptr);
  EXPECT_EQ(record.before->group->name(), "Old name");
  EXPECT_EQ(record.after, nullptr);
}

TEST_F(WriteTrailTest, HasNeitherReadsNorQuestions) {
  auto get = std::make_shared<v1::GetMutexGroupRequest>();
  get->set_mutex_group_id("7");
  Start("GetMutexGroup", get);
  auto question = Update("New name");
  question->set_validate_only(true);
  Start("UpdateMutexGroup", question);
  EXPECT_THAT(outcomes, SizeIs(2));
  EXPECT_THAT(trail.records, IsEmpty());
}

TEST_F(WriteTrailTest, ARefusedWriteSendsNothing) {
  trail.prepared = amplitude::MakeError(absl::StatusCode::kUnavailable,
                                        v1::ERROR_REASON_AUDIT_LOG_UNAVAILABLE, "the disk is full");
  const WriteRecord record = RecordOf("UpdateMutexGroup", Update("New name"));
  EXPECT_EQ(record.report.status, trail.prepared);
  EXPECT_EQ(amplitude.groups.front().name(), "Old name");
  EXPECT_EQ(outcomes[0].status.code(), static_cast<int>(absl::StatusCode::kUnavailable));
}

TEST_F(WriteTrailTest, AQuestionIsRefusedAsTheWriteWouldBe) {
  trail.prepared = amplitude::MakeError(absl::StatusCode::kUnavailable,
                                        v1::ERROR_REASON_AUDIT_LOG_UNAVAILABLE, "the disk is full");
  auto question = Update("New name");
  question->set_validate_only(true);
  Start("UpdateMutexGroup", question);
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(outcomes[0].status.code(), static_cast<int>(absl::StatusCode::kUnavailable));
}

TEST(WriteTrail, CallsThatWaitForItAreFinishedWithTheRunner) {
  fakes::TestLoop loop;
  fakes::FakeAmplitude amplitude{loop.clock()};
  groups::Gateway gateway{amplitude, loop.clock(), {}};
  FakeTrail trail;
  int finished = 0;
  {
    CallRunner runner{loop.loop().get_executor(), gateway, nullptr, {.trail = &trail}};
    for (const RpcMethod& method : Methods()) {
      if (method.name == "UpdateMutexGroup") runner.Start({&method}, [&](Outcome) { ++finished; });
    }
    loop.Poll();
    EXPECT_THAT(trail.waiting, SizeIs(1));
    EXPECT_EQ(finished, 0);
  }
  EXPECT_EQ(finished, 1);
}

}  // namespace
}  // namespace mutexd::rpc
