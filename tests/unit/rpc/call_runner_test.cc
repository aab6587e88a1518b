#include "service/rpc/call_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <stdexcept>

#include "google/rpc/error_details.pb.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/error.h"
#include "tests/fakes/fake_amplitude.h"
#include "tests/fakes/parsed_reply.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

using fakes::Parsed;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const RpcMethod& MethodNamed(absl::string_view name) {
  for (const RpcMethod& method : Methods()) {
    if (method.name == name) return method;
  }
  ADD_FAILURE() << "no method " << std::string(name);
  return Methods().front();
}

template <typename Detail>
Detail DetailIn(const google::rpc::Status& status) {
  Detail detail;
  for (const auto& any : status.details()) {
    if (any.Is<Detail>()) any.UnpackTo(&detail);
  }
  return detail;
}

// "CODE/REASON", or "OK".
std::string ErrorOf(const Outcome& outcome) {
  if (outcome.reply) return "OK";
  const auto code = static_cast<absl::StatusCode>(outcome.status.code());
  return absl::StrCat(absl::StatusCodeToString(code), "/",
                      DetailIn<google::rpc::ErrorInfo>(outcome.status).reason());
}

std::string MetadataIn(const Outcome& outcome, const std::string& key) {
  const auto info = DetailIn<google::rpc::ErrorInfo>(outcome.status);
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "(none)" : found->second;
}

class RecordingRpcObserver final : public RpcObserver {
 public:
  std::vector<std::string> started;
  std::vector<RpcReport> finished;

  void OnRpcStarted(absl::string_view method) override { started.emplace_back(method); }
  void OnRpcFinished(const RpcReport& report) override { finished.push_back(report); }
};

class CallRunnerTest : public ::testing::Test {
 protected:
  CallRunnerTest() {
    v1::MutexGroup group;
    group.set_id("7");
    group.set_name("Group 7");
    group.add_slots()->set_percentage(100);
    amplitude.groups.push_back(group);
  }

  // What became of one call.
  struct Call {
    std::vector<Outcome> outcomes;  // finished once: one
    std::shared_ptr<RunningCall> running;
  };

  std::shared_ptr<Call> Start(IncomingCall incoming) {
    auto call = std::make_shared<Call>();
    call->running = runner->Start(std::move(incoming), [call = call.get()](Outcome outcome) {
      call->outcomes.push_back(std::move(outcome));
    });
    calls.push_back(call);
    EXPECT_THAT(call->outcomes, IsEmpty()) << "finished by Start";
    return call;
  }

  static IncomingCall GetCall(const std::string& id = "7") {
    auto request = std::make_shared<v1::GetMutexGroupRequest>();
    request->set_mutex_group_id(id);
    return {.method = &MethodNamed("GetMutexGroup"), .request = std::move(request)};
  }

  static IncomingCall UpdateCall() {
    auto request = std::make_shared<v1::UpdateMutexGroupRequest>();
    request->mutable_mutex_group()->set_id("7");
    request->mutable_mutex_group()->set_name("New name");
    return {.method = &MethodNamed("UpdateMutexGroup"), .request = std::move(request)};
  }

  // A call whose work is `work`.
  IncomingCall CallOf(std::function<asio::awaitable<absl::StatusOr<SharedBytes>>(groups::Gateway&,
                                                                                 amplitude::Call&)>
                          work) {
    own_method.name = "Own";
    own_method.validate = [](const google::protobuf::Message&) { return Violations(); };
    own_method.run = [work = std::move(work)](groups::Gateway& its_gateway, amplitude::Call& call,
                                              const google::protobuf::Message&) {
      return work(its_gateway, call);
    };
    return {.method = &own_method, .request = std::make_shared<v1::GetMutexGroupRequest>()};
  }

  // Runs until nothing is under way.
  const Outcome& OutcomeOf(const std::shared_ptr<Call>& call) {
    loop->Poll();
    while (call->outcomes.empty() && loop->clock().AdvanceToNextSleeper()) loop->Poll();
    EXPECT_THAT(call->outcomes, SizeIs(1));
    return call->outcomes.front();
  }

  void TearDown() override {
    if (loop != nullptr) {
      loop->Poll();
      if (runner != nullptr) {
        EXPECT_EQ(runner->calls_under_way(), 0u);
        EXPECT_EQ(loop->clock().sleepers(), 0u) << "somebody still watches a deadline";
      }
    }
    for (const auto& call : calls) EXPECT_THAT(call->outcomes, SizeIs(1));
  }

  std::unique_ptr<fakes::TestLoop> loop = std::make_unique<fakes::TestLoop>();
  fakes::TestClock& clock = loop->clock();
  fakes::FakeAmplitude amplitude{clock};
  groups::Gateway gateway{amplitude, clock, {}};
  RecordingRpcObserver observer;
  RpcMethod own_method;
  std::unique_ptr<CallRunner> runner = std::make_unique<CallRunner>(
      loop->loop().get_executor(), gateway, &observer, CallRunner::Options{});
  std::vector<std::shared_ptr<Call>> calls;
};

TEST_F(CallRunnerTest, AnswersWithTheReply) {
  const Outcome& outcome = OutcomeOf(Start(GetCall()));
  EXPECT_EQ(Parsed<v1::GetMutexGroupResponse>(outcome.reply).mutex_group().name(), "Group 7");
  EXPECT_EQ(outcome.status.code(), 0);
  EXPECT_EQ(outcome.pushback, std::nullopt);
}

TEST_F(CallRunnerTest, WhatIsKnownNeedsNoWork) {
  IncomingCall incoming = CallOf(
      [](groups::Gateway&, amplitude::Call&) -> asio::awaitable<absl::StatusOr<SharedBytes>> {
        ADD_FAILURE() << "nothing had to be done";
        co_return SharedBytes();
      });
  int asked = 0;
  own_method.known = [&](groups::Gateway&, amplitude::Call&, const google::protobuf::Message&) {
    ++asked;
    return SharedBytes::Make(0, [](char*) {});
  };
  const Outcome& outcome = OutcomeOf(Start(std::move(incoming)));
  EXPECT_EQ(ErrorOf(outcome), "OK");
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(observer.started, SizeIs(1));
  EXPECT_THAT(observer.finished, SizeIs(1));
}

TEST_F(CallRunnerTest, WhatIsKnownToBeWrongIsAnErrorAtOnce) {
  IncomingCall incoming = CallOf(
      [](groups::Gateway&, amplitude::Call&) -> asio::awaitable<absl::StatusOr<SharedBytes>> {
        ADD_FAILURE() << "nothing had to be done";
        co_return SharedBytes();
      });
  own_method.known = [](groups::Gateway&, amplitude::Call&,
                        const google::protobuf::Message&) -> absl::StatusOr<SharedBytes> {
    return amplitude::MakeError(absl::StatusCode::kResourceExhausted,
                                v1::ERROR_REASON_RESPONSE_TOO_LARGE, "too large");
  };
  EXPECT_EQ(ErrorOf(OutcomeOf(Start(std::move(incoming)))),
            "RESOURCE_EXHAUSTED/RESPONSE_TOO_LARGE");
}

TEST_F(CallRunnerTest, AnswersThatComeAboutTogetherAreGivenAsABatch) {
  const auto one = Start(GetCall());
  const auto another = Start(GetCall());
  const Outcome& first = OutcomeOf(one);
  EXPECT_NE(first.batch, nullptr);
  EXPECT_EQ(OutcomeOf(another).batch, first.batch);
  EXPECT_EQ(OutcomeOf(Start(GetCall())).batch, nullptr);
}

TEST_F(CallRunnerTest, RunsEveryMethodOfTheService) {
  v1::MutexGroup& group = amplitude.groups.front();
  group.set_key("seven");
  group.set_project_id(1);
  group.add_slots()->set_percentage(50);
  group.mutable_slots(0)->set_percentage(50);
  group.mutable_slots(0)->add_experiment_ids(5);
  auto list = std::make_shared<v1::ListMutexGroupsRequest>();
  auto get = std::make_shared<v1::GetMutexGroupRequest>();
  get->set_key("seven");
  auto batch = std::make_shared<v1::BatchGetMutexGroupsRequest>();
  batch->add_mutex_group_ids("7");
  auto create = std::make_shared<v1::CreateMutexGroupRequest>();
  create->mutable_mutex_group()->set_project_id(1);
  create->mutable_mutex_group()->set_name("n");
  create->mutable_mutex_group()->add_slots()->set_percentage(100);
  auto update = std::make_shared<v1::UpdateMutexGroupRequest>();
  update->mutable_mutex_group()->set_id("7");
  update->mutable_mutex_group()->set_name("n");
  auto slot = std::make_shared<v1::UpdateSlotRequest>();
  slot->set_mutex_group_id("7");
  slot->set_slot_index(1);
  slot->mutable_slot()->add_holdout_ids(1);
  slot->mutable_update_mask()->add_paths("holdout_ids");
  auto add = std::make_shared<v1::AddSlotMembersRequest>();
  add->set_mutex_group_id("7");
  add->set_slot_index(1);
  add->add_individuals("ada");
  auto remove = std::make_shared<v1::RemoveSlotMembersRequest>();
  remove->set_mutex_group_id("7");
  remove->set_slot_index(1);
  remove->add_individuals("ada");
  auto move = std::make_shared<v1::MoveSlotMembersRequest>();
  move->set_mutex_group_id("7");
  move->set_from_slot_index(1);
  move->set_to_slot_index(2);
  move->add_experiment_ids(5);
  auto archive = std::make_shared<v1::ArchiveMutexGroupRequest>();
  archive->set_mutex_group_id("7");
  auto unarchive = std::make_shared<v1::UnarchiveMutexGroupRequest>();
  unarchive->set_mutex_group_id("7");
  const std::vector<MessagePtr> requests = {list, get,    batch, create,  update,   slot,
                                            add,  remove, move,  archive, unarchive};
  ASSERT_EQ(requests.size(), Methods().size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Outcome& outcome = OutcomeOf(Start({.method = &Methods()[i], .request = requests[i]}));
    EXPECT_EQ(ErrorOf(outcome), "OK") << std::string(Methods()[i].name);
    const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
        absl::StrCat("mutexgroups.v1.", Methods()[i].name, "Response"));
    ASSERT_NE(type, nullptr);
    const std::unique_ptr<google::protobuf::Message> response(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
    const absl::string_view bytes = outcome.reply.view();
    ASSERT_TRUE(response->ParseFromArray(bytes.data(), bytes.size()));
    EXPECT_FALSE(bytes.empty());
    EXPECT_TRUE(response->GetReflection()->GetUnknownFields(*response).empty());
  }
}

TEST_F(CallRunnerTest, PagesGoOnWithTheTokenOfTheReply) {
  for (int i = 0; i < 9; ++i) {
    amplitude.groups.push_back(amplitude.groups.front());
    amplitude.groups.back().set_id(absl::StrCat(100 + i));
  }
  std::vector<std::string> ids;
  auto request = std::make_shared<v1::ListMutexGroupsRequest>();
  request->set_page_size(4);
  do {
    const Outcome& outcome =
        OutcomeOf(Start({.method = &MethodNamed("ListMutexGroups"),
                         .request = std::make_shared<v1::ListMutexGroupsRequest>(*request)}));
    ASSERT_EQ(ErrorOf(outcome), "OK");
    const auto page = Parsed<v1::ListMutexGroupsResponse>(outcome.reply);
    for (const v1::MutexGroup& group : page.mutex_groups()) ids.push_back(group.id());
    request->set_page_token(page.next_page_token());
  } while (!request->page_token().empty());
  EXPECT_THAT(ids, ElementsAre("7", "100", "101", "102", "103", "104", "105", "106", "107", "108"));
}

TEST_F(CallRunnerTest, ABadPageTokenIsRefusedAndNothingIsSent) {
  auto request = std::make_shared<v1::ListMutexGroupsRequest>();
  request->set_page_token("x");
  EXPECT_EQ(
      ErrorOf(OutcomeOf(Start({.method = &MethodNamed("ListMutexGroups"), .request = request}))),
      "INVALID_ARGUMENT/INVALID_PAGE_TOKEN");
  EXPECT_THAT(amplitude.requests, IsEmpty());
}

TEST_F(CallRunnerTest, TheCallersIdNamesTheRpcEverywhere) {
  IncomingCall incoming = GetCall("8");
  incoming.request_id = "trace-1";
  const Outcome& outcome = OutcomeOf(Start(std::move(incoming)));
  EXPECT_EQ(outcome.rpc_id, "trace-1");
  EXPECT_EQ(DetailIn<google::rpc::RequestInfo>(outcome.status).request_id(), "trace-1");
  EXPECT_EQ(observer.finished.front().rpc_id, "trace-1");
}

TEST_F(CallRunnerTest, ACallWithoutAnIdGetsOne) {
  EXPECT_EQ(OutcomeOf(Start(GetCall())).rpc_id.size(), 32u);
}

TEST_F(CallRunnerTest, InvalidRequestsNameAllViolationsAndSendNothing) {
  auto request = std::make_shared<v1::CreateMutexGroupRequest>();
  const Outcome& outcome =
      OutcomeOf(Start({.method = &MethodNamed("CreateMutexGroup"), .request = request}));
  EXPECT_EQ(ErrorOf(outcome), "INVALID_ARGUMENT/INVALID_REQUEST");
  EXPECT_EQ(DetailIn<google::rpc::BadRequest>(outcome.status).field_violations_size(), 3);
  EXPECT_THAT(amplitude.requests, IsEmpty());
}

TEST_F(CallRunnerTest, ARequestThatCannotBeReadIsInvalid) {
  IncomingCall incoming = GetCall();
  incoming.request = nullptr;
  EXPECT_EQ(ErrorOf(OutcomeOf(Start(std::move(incoming)))), "INVALID_ARGUMENT/INVALID_REQUEST");
}

TEST_F(CallRunnerTest, ErrorsOfAmplitudeReachTheCallerWithTheirPushback) {
  amplitude.NextRead(fakes::AnsweredWith(amplitude::Operation::kGet, 429));
  const Outcome& outcome = OutcomeOf(Start(GetCall()));
  EXPECT_EQ(ErrorOf(outcome), "RESOURCE_EXHAUSTED/AMPLITUDE_RATE_LIMITED");
  EXPECT_EQ(MetadataIn(outcome, "http_status"), "429");
  EXPECT_EQ(outcome.pushback, "1000");
}

TEST_F(CallRunnerTest, PushbackForbidsAWaitThatTheDeadlineDoesNotAllow) {
  amplitude.NextRead(fakes::AnsweredWith(amplitude::Operation::kGet, 429));
  amplitude.on_request = [this](const fakes::SeenRequest&) { clock.Advance(absl::Seconds(1)); };
  IncomingCall incoming = GetCall();
  incoming.time_left = absl::Milliseconds(1900);
  EXPECT_EQ(OutcomeOf(Start(std::move(incoming))).pushback, "-1");
}

TEST_F(CallRunnerTest, WorkEndsATenthBeforeTheDeadline) {
  amplitude.NextReadHangs();
  IncomingCall incoming = GetCall();
  incoming.time_left = absl::Seconds(1);
  const auto call = Start(std::move(incoming));
  loop->Poll();
  loop->Advance(absl::Milliseconds(899));
  EXPECT_THAT(call->outcomes, IsEmpty());
  loop->Advance(absl::Milliseconds(1));
  ASSERT_THAT(call->outcomes, SizeIs(1));
  EXPECT_EQ(ErrorOf(call->outcomes[0]), "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED");
  EXPECT_EQ(MetadataIn(call->outcomes[0], "write_sent"), "false");
  EXPECT_EQ(amplitude.hanging(), 0);
}

TEST_F(CallRunnerTest, ACallWithoutADeadlineHasTheDefaultOne) {
  amplitude.NextReadHangs();
  const auto call = Start(GetCall());
  loop->Poll();
  loop->Advance(absl::Milliseconds(19799));
  EXPECT_THAT(call->outcomes, IsEmpty());
  loop->Advance(absl::Milliseconds(1));
  ASSERT_THAT(call->outcomes, SizeIs(1));
}

TEST_F(CallRunnerTest, ADeadlineInTheFarFutureIsNone) {
  for (const absl::Duration far : {absl::InfiniteDuration(), absl::Hours(24 * 365 * 1000)}) {
    IncomingCall incoming = GetCall();
    incoming.time_left = far;
    EXPECT_EQ(ErrorOf(OutcomeOf(Start(std::move(incoming)))), "OK");
  }
}

TEST_F(CallRunnerTest, ACallWithoutTimeSendsNothing) {
  for (const absl::Duration left : {absl::Milliseconds(20), absl::ZeroDuration(), absl::Seconds(-5),
                                    -absl::InfiniteDuration()}) {
    IncomingCall incoming = UpdateCall();
    incoming.time_left = left;
    const Outcome& outcome = OutcomeOf(Start(std::move(incoming)));
    EXPECT_EQ(ErrorOf(outcome), "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED");
    EXPECT_EQ(MetadataIn(outcome, "write_sent"), "false");
  }
  EXPECT_THAT(amplitude.requests, IsEmpty());
  EXPECT_THAT(observer.finished, SizeIs(4));
}

TEST_F(CallRunnerTest, TimeCountsFromTheArrivalAndNotFromTheLoopsFirstTurn) {
  IncomingCall incoming = GetCall();
  incoming.time_left = absl::Seconds(1);
  const auto call = Start(std::move(incoming));
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(ErrorOf(OutcomeOf(call)), "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED");
  EXPECT_THAT(amplitude.requests, IsEmpty());
}

TEST_F(CallRunnerTest, TheDeadlineSaysWhetherAWriteHadBeenSent) {
  amplitude.NextWrite({.hang = true});
  const Outcome& outcome = OutcomeOf(Start(UpdateCall()));
  EXPECT_EQ(ErrorOf(outcome), "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED");
  EXPECT_EQ(MetadataIn(outcome, "write_sent"), "true");
  EXPECT_EQ(MetadataIn(outcome, "accepted_by_amplitude"), "(none)");
}

TEST_F(CallRunnerTest, TheDeadlineDuringAWaitForTheWriteIsDeadlineExceeded) {
  amplitude.NextWrite({.applied = false});
  IncomingCall incoming = UpdateCall();
  incoming.time_left = absl::Milliseconds(1000);
  const Outcome& outcome = OutcomeOf(Start(std::move(incoming)));
  EXPECT_EQ(ErrorOf(outcome), "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED");
  EXPECT_EQ(MetadataIn(outcome, "write_sent"), "true");
  EXPECT_EQ(MetadataIn(outcome, "accepted_by_amplitude"), "true");
}

TEST_F(CallRunnerTest, AWriteThatWaitsForItsTurnEndsAtItsDeadline) {
  amplitude.NextWrite({.hang = true});
  const auto first = Start(UpdateCall());
  IncomingCall incoming = UpdateCall();
  incoming.time_left = absl::Seconds(1);
  const auto second = Start(std::move(incoming));
  loop->Poll();
  loop->Advance(absl::Milliseconds(900));
  ASSERT_THAT(second->outcomes, SizeIs(1));
  EXPECT_EQ(MetadataIn(second->outcomes[0], "write_sent"), "false");
  EXPECT_THAT(first->outcomes, IsEmpty());
  OutcomeOf(first);
}

TEST_F(CallRunnerTest, ACallerThatGoesEndsTheWork) {
  amplitude.NextReadHangs();
  const auto call = Start(GetCall());
  loop->Poll();
  ASSERT_EQ(amplitude.hanging(), 1);
  runner->CancelByClient(call->running);
  loop->Poll();
  EXPECT_EQ(amplitude.hanging(), 0);
  ASSERT_THAT(call->outcomes, SizeIs(1));
  EXPECT_EQ(ErrorOf(call->outcomes[0]), "CANCELLED/");
}

TEST_F(CallRunnerTest, ACallerThatGoesAtOnceOrAfterTheEndOrTwiceDoesNoHarm) {
  const auto at_once = Start(GetCall());
  runner->CancelByClient(at_once->running);
  OutcomeOf(at_once);
  const auto late = Start(GetCall());
  OutcomeOf(late);
  runner->CancelByClient(late->running);
  amplitude.NextReadHangs();
  const auto twice = Start(GetCall());
  runner->CancelByClient(twice->running);
  runner->CancelByClient(twice->running);
  OutcomeOf(twice);
}

TEST_F(CallRunnerTest, TheFirstReasonToStopCounts) {
  amplitude.NextReadHangs();
  const auto call = Start(GetCall());
  loop->Poll();
  runner->CancelByClient(call->running);
  clock.Advance(absl::Seconds(30));
  loop->Poll();
  EXPECT_EQ(ErrorOf(OutcomeOf(call)), "CANCELLED/");
}

TEST_F(CallRunnerTest, CallsThatArriveInADrainAreRefusedAndTheOthersGoOn) {
  amplitude.NextRead(absl::OkStatus());
  amplitude.NextWrite({.visible_after = 1});
  const auto before = Start(UpdateCall());
  loop->Poll();
  runner->BeginDrain();
  const std::size_t requests = amplitude.requests.size();
  const auto later = Start(UpdateCall());
  loop->Poll();
  ASSERT_THAT(later->outcomes, SizeIs(1));
  EXPECT_EQ(ErrorOf(later->outcomes[0]), "UNAVAILABLE/SHUTTING_DOWN");
  EXPECT_EQ(amplitude.requests.size(), requests);
  EXPECT_EQ(ErrorOf(OutcomeOf(before)), "OK");
}

TEST_F(CallRunnerTest, TheEndOfADrainEndsWhatIsUnderWay) {
  amplitude.NextReadHangs();
  const auto read = Start(GetCall());
  loop->Poll();
  amplitude.NextWrite({.hang = true});
  const auto write = Start(UpdateCall());
  const auto waits_for_its_turn = Start(UpdateCall());
  loop->Poll();
  runner->EndDrain();
  loop->Poll();
  EXPECT_EQ(ErrorOf(OutcomeOf(read)), "UNAVAILABLE/SHUTTING_DOWN");
  EXPECT_EQ(ErrorOf(OutcomeOf(write)), "UNKNOWN/WRITE_OUTCOME_UNKNOWN");
  EXPECT_EQ(ErrorOf(OutcomeOf(waits_for_its_turn)), "UNAVAILABLE/SHUTTING_DOWN");
  EXPECT_EQ(amplitude.CountWrites(), 1u);
}

TEST_F(CallRunnerTest, AnAcceptedWriteAtTheEndOfADrainIsNotYetVisible) {
  amplitude.NextWrite({.applied = false});
  const auto call = Start(UpdateCall());
  loop->Poll();
  runner->EndDrain();
  loop->Poll();
  ASSERT_THAT(call->outcomes, SizeIs(1));
  EXPECT_EQ(ErrorOf(call->outcomes[0]), "UNKNOWN/WRITE_NOT_YET_VISIBLE");
  EXPECT_EQ(MetadataIn(call->outcomes[0], "accepted_by_amplitude"), "true");
}

TEST_F(CallRunnerTest, CallsAfterTheEndOfADrainAreRefused) {
  runner->EndDrain();
  EXPECT_EQ(ErrorOf(OutcomeOf(Start(GetCall()))), "UNAVAILABLE/SHUTTING_DOWN");
  EXPECT_THAT(amplitude.requests, IsEmpty());
}

asio::awaitable<absl::StatusOr<SharedBytes>> ThrowAtOnce(groups::Gateway&, amplitude::Call&) {
  throw std::runtime_error("a fault");
  co_return SharedBytes();
}

asio::awaitable<absl::StatusOr<SharedBytes>> ThrowAfterAWrite(groups::Gateway&,
                                                              amplitude::Call& call) {
  call.write_sent = true;
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  throw std::runtime_error("a fault");
}

asio::awaitable<absl::StatusOr<SharedBytes>> GiveUp(groups::Gateway&, amplitude::Call&) {
  co_return absl::CancelledError("by nobody");
}

TEST_F(CallRunnerTest, WorkThatThrowsFinishesTheCallOnce) {
  EXPECT_EQ(ErrorOf(OutcomeOf(Start(CallOf(&ThrowAtOnce)))), "UNAVAILABLE/SHUTTING_DOWN");
  const auto write = Start(CallOf(&ThrowAfterAWrite));
  EXPECT_EQ(ErrorOf(OutcomeOf(write)), "UNKNOWN/WRITE_OUTCOME_UNKNOWN");
  EXPECT_THAT(observer.started, SizeIs(2));
  EXPECT_THAT(observer.finished, SizeIs(2));
}

TEST_F(CallRunnerTest, WorkThatIsCancelledByNobodyStillHasAReason) {
  EXPECT_EQ(ErrorOf(OutcomeOf(Start(CallOf(&GiveUp)))), "UNAVAILABLE/SHUTTING_DOWN");
}

// Callers wait for an answer in other threads, and hold on to their calls.
TEST_F(CallRunnerTest, WorkThatIsDroppedWithTheLoopFinishesTheCallOnce) {
  amplitude.NextReadHangs();
  const auto read = Start(GetCall());
  loop->Poll();
  amplitude.NextWrite({.hang = true});
  const auto write = Start(UpdateCall());
  const auto waits_for_its_turn = Start(UpdateCall());
  loop->Poll();
  const auto not_begun = Start(GetCall());
  runner.reset();
  loop.reset();
  EXPECT_EQ(ErrorOf(read->outcomes.at(0)), "UNAVAILABLE/SHUTTING_DOWN");
  EXPECT_EQ(ErrorOf(write->outcomes.at(0)), "UNKNOWN/WRITE_OUTCOME_UNKNOWN");
  EXPECT_EQ(ErrorOf(waits_for_its_turn->outcomes.at(0)), "UNAVAILABLE/SHUTTING_DOWN");
  EXPECT_EQ(ErrorOf(not_begun->outcomes.at(0)), "UNAVAILABLE/SHUTTING_DOWN");
}

TEST_F(CallRunnerTest, TheObserverHearsOfEachRpcOnceWithWhatIsKnownOfIt) {
  IncomingCall incoming = UpdateCall();
  incoming.peer = "ipv4:127.0.0.1:1234";
  incoming.user_agent = "test";
  incoming.request_bytes = 42;
  amplitude.NextWrite({.visible_after = 1});
  const Outcome& outcome = OutcomeOf(Start(std::move(incoming)));
  EXPECT_THAT(observer.started, ElementsAre("UpdateMutexGroup"));
  ASSERT_THAT(observer.finished, SizeIs(1));
  const RpcReport& report = observer.finished[0];
  EXPECT_EQ(std::string(report.method), "UpdateMutexGroup");
  EXPECT_EQ(report.rpc_id, outcome.rpc_id);
  EXPECT_EQ(report.peer, "ipv4:127.0.0.1:1234");
  EXPECT_EQ(report.user_agent, "test");
  EXPECT_TRUE(report.status.ok());
  EXPECT_EQ(report.duration, absl::Milliseconds(100));
  EXPECT_EQ(report.request_bytes, 42u);
  EXPECT_EQ(report.response_bytes, outcome.reply.size());
  EXPECT_TRUE(report.write_sent);
}

TEST_F(CallRunnerTest, TheCallSaysWhoSharesTheQuotaAndWhatAWriteTakes) {
  amplitude::Call seen;
  IncomingCall incoming =
      CallOf([&seen](groups::Gateway&,
                     amplitude::Call& call) -> asio::awaitable<absl::StatusOr<SharedBytes>> {
        seen = call;
        co_return absl::CancelledError();
      });
  own_method.requests_needed = 3;
  incoming.peer = "ipv4:127.0.0.1:1234";
  OutcomeOf(Start(std::move(incoming)));
  EXPECT_EQ(seen.caller, "");
  EXPECT_EQ(seen.share, "ipv4:127.0.0.1:1234") << "as nobody knows the caller";
  EXPECT_EQ(seen.requests_needed, 3);
  EXPECT_TRUE(seen.is_write);
}

TEST_F(CallRunnerTest, AKnownCallerIsNamedAndSharesTheQuotaUnderItsName) {
  amplitude::Call seen;
  IncomingCall incoming =
      CallOf([&seen](groups::Gateway&,
                     amplitude::Call& call) -> asio::awaitable<absl::StatusOr<SharedBytes>> {
        seen = call;
        co_return absl::CancelledError();
      });
  incoming.peer = "ipv4:127.0.0.1:1234";
  incoming.caller.dns_names = {"checkout.example.com"};
  OutcomeOf(Start(std::move(incoming)));
  EXPECT_EQ(seen.caller, "checkout.example.com");
  EXPECT_EQ(seen.share, "checkout.example.com");
  ASSERT_THAT(observer.finished, SizeIs(1));
  EXPECT_EQ(observer.finished[0].caller, "checkout.example.com");
}

TEST_F(CallRunnerTest, RefusesCallsOverTheLimitAndTakesThemAgainLater) {
  runner = std::make_unique<CallRunner>(loop->loop().get_executor(), gateway, &observer,
                                        CallRunner::Options{.max_calls = 1});
  amplitude.NextReadHangs();
  const auto first = Start(GetCall());
  loop->Poll();
  const Outcome refused = OutcomeOf(Start(GetCall()));
  EXPECT_EQ(ErrorOf(refused), "RESOURCE_EXHAUSTED/OVERLOADED");
  EXPECT_EQ(DetailIn<google::rpc::RetryInfo>(refused.status).retry_delay().seconds(), 1);
  EXPECT_EQ(refused.pushback, "1000");
  runner->CancelByClient(first->running);
  OutcomeOf(first);
  EXPECT_EQ(ErrorOf(OutcomeOf(Start(GetCall()))), "OK");
}

TEST_F(CallRunnerTest, WorksWithoutAnObserver) {
  runner = std::make_unique<CallRunner>(loop->loop().get_executor(), gateway, nullptr,
                                        CallRunner::Options{});
  EXPECT_EQ(ErrorOf(OutcomeOf(Start(GetCall()))), "OK");
}

}  // namespace
}  // namespace mutexd::rpc
