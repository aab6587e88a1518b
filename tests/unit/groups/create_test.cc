#include "service/groups/create.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/groups/create_mark.h"
#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kRequestId[] = "5bd9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d71";
constexpr char kOtherRequestId[] = "00000000-7c1c-4b6e-9d5e-0f3b8a2c6d71";

v1::CreateMutexGroupRequest RequestToCreate() {
  v1::CreateMutexGroupRequest request;
  request.set_request_id(kRequestId);
  v1::MutexGroup& group = *request.mutable_mutex_group();
  group.set_project_id(1);
  group.set_name("Checkout (v2)");
  v1::Slot* slot = group.add_slots();
  slot->set_percentage(60);
  slot->add_experiment_ids(31);
  group.add_slots()->set_percentage(40);
  return request;
}

class CreateTest : public GroupsTest {
 protected:
  absl::StatusOr<std::shared_ptr<const v1::CreateMutexGroupResponse>> Create() {
    return Run(CreateGroup(gateway, call, request));
  }

  // What Amplitude holds under the request's key: as if this or another create had made it.
  v1::MutexGroup& Existing() {
    v1::MutexGroup group = MarkedCreate(request.mutex_group(), request.request_id()).group();
    group.set_id("55");
    amplitude.groups.push_back(std::move(group));
    return amplitude.groups.back();
  }

  v1::CreateMutexGroupRequest request = RequestToCreate();
};

TEST_F(CreateTest, PostsWithKeyAndSaltAndReadsTheGroup) {
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().id(), "9000");
  EXPECT_EQ((*reply)->url(), "http://amplitude.test/groups/9000");
  ASSERT_THAT(amplitude.requests, SizeIs(2));
  EXPECT_EQ(amplitude.requests[0].operation, Operation::kCreate);
  EXPECT_EQ(amplitude.requests[1].operation, Operation::kGet);
  const v1::MutexGroup& sent = amplitude.requests[0].created;
  EXPECT_THAT(sent.key(), MatchesRegex("checkout-v2-[0-9a-f]{10}"));
  EXPECT_THAT(sent.bucketing_salt(), MatchesRegex("r1-[0-9a-f]{16}-[0-9a-f]{16}"));
  EXPECT_EQ(sent.slots(1).index(), 2);
}

TEST_F(CreateTest, SendsNoOutputOnlyField) {
  v1::MutexGroup& group = *request.mutable_mutex_group();
  group.set_id("123");
  group.set_state(v1::MutexGroup::STATE_ARCHIVED);
  group.set_created_by("me");
  group.set_etag("e");
  group.mutable_slots(0)->set_name("n");
  group.mutable_slots(0)->set_variant_key("v");
  group.mutable_slots(0)->add_cohorts("c");
  ASSERT_TRUE(Create().ok());
  const v1::MutexGroup& sent = amplitude.requests[0].created;
  EXPECT_EQ(sent.id(), "");
  EXPECT_EQ(sent.state(), v1::MutexGroup::STATE_UNSPECIFIED);
  EXPECT_EQ(sent.created_by(), "");
  EXPECT_EQ(sent.etag(), "");
  EXPECT_EQ(sent.slots(0).name(), "");
  EXPECT_EQ(sent.slots(0).variant_key(), "");
  EXPECT_THAT(sent.slots(0).cohorts(), IsEmpty());
}

TEST_F(CreateTest, WithoutARequestIdEachCallHasItsOwn) {
  request.clear_request_id();
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(Create().ok());
  EXPECT_NE(amplitude.requests[0].created.key(), amplitude.requests[2].created.key());
}

TEST_F(CreateTest, RepeatedItReturnsTheGroupThatItMade) {
  ASSERT_TRUE(Create().ok());
  const auto repeated = Create();
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ((*repeated)->mutex_group().id(), "9000");
  EXPECT_THAT(amplitude.groups, SizeIs(2));
}

TEST_F(CreateTest, TheSameRequestIdWithAnotherBodyIsReused) {
  request.mutable_mutex_group()->set_key("checkout");
  ASSERT_TRUE(Create().ok());
  request.mutable_mutex_group()->set_description("another body");
  const auto reused = Create();
  EXPECT_THAT(reused.status(),
              IsError(StatusCode::kInvalidArgument, v1::ERROR_REASON_REQUEST_ID_REUSED));
  EXPECT_EQ(Metadata(reused.status(), "http_status"), "409");
}

TEST_F(CreateTest, AnotherRequestsKeyIsTaken) {
  request.mutable_mutex_group()->set_key("checkout");
  ASSERT_TRUE(Create().ok());
  request.set_request_id(kOtherRequestId);
  const auto taken = Create();
  EXPECT_THAT(taken.status(),
              IsError(StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS));
  EXPECT_EQ(Metadata(taken.status(), "http_status"), "409");
  const auto resource = amplitude::DetailOf<google::rpc::ResourceInfo>(taken.status());
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->resource_name(), "checkout");
}

TEST_F(CreateTest, ATakenKeyThatNoGroupHasBelongsToAFlagOrExperiment) {
  amplitude.NextWrite({.status = AnsweredWith(Operation::kCreate, 409)});
  const auto taken = Create();
  EXPECT_THAT(taken.status(),
              IsError(StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS));
  // Its own group might only not show yet.
  EXPECT_THAT(amplitude.ReadTimes(), ElementsAre(0, 100, 300, 700, 1500, 2000));
  EXPECT_EQ(amplitude.Count(Operation::kCreate), 1u);
}

TEST_F(CreateTest, ATakenKeyWhoseGroupShowsLateIsRecognized) {
  amplitude.NextWrite({.status = AnsweredWith(Operation::kCreate, 409)});
  amplitude.on_request = [this](const fakes::SeenRequest&) {
    if (amplitude.requests.size() == 3) Existing();
  };
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().id(), "55");
  EXPECT_THAT(amplitude.ReadTimes(), ElementsAre(0, 100));
}

TEST_F(CreateTest, ATakenKeyThatCannotBeLookedForGivesTheLooksError) {
  amplitude.NextWrite({.status = AnsweredWith(Operation::kCreate, 409)});
  amplitude.fail_reads = AnsweredWith(Operation::kList, 503);
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
}

TEST_F(CreateTest, RefusedPostGivesItsOwnErrorWithoutALook) {
  for (const int http_status : {400, 401, 403, 413, 422}) {
    amplitude.requests.clear();
    amplitude.NextWrite({.status = AnsweredWith(Operation::kCreate, http_status)});
    EXPECT_EQ(Create().status(), AnsweredWith(Operation::kCreate, http_status));
    EXPECT_THAT(amplitude.ReadTimes(), IsEmpty());
  }
}

TEST_F(CreateTest, LostReplyOfAPostThatTookEffectIsOk) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .visible_after = 1});
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().name(), "Checkout (v2)");
  EXPECT_EQ((*reply)->url(), "");
  EXPECT_THAT(amplitude.ReadTimes(), ElementsAre(0, 100));
}

// What the requests were, in their order.
std::string Sequence(const std::vector<fakes::SeenRequest>& requests) {
  std::string sequence;
  for (const fakes::SeenRequest& request : requests) {
    absl::StrAppend(&sequence, sequence.empty() ? "" : " ",
                    amplitude::OperationName(request.operation));
  }
  return sequence;
}

TEST_F(CreateTest, LostPostIsMadeAgainOnlyAfterTheLookDidNotFindIt) {
  gateway.options.write_visibility_timeout = absl::Milliseconds(100);
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(Sequence(amplitude.requests), "create list list create get");
  EXPECT_EQ(amplitude.requests[0].created.key(), amplitude.requests[3].created.key());
  EXPECT_EQ(amplitude.requests[0].created.bucketing_salt(),
            amplitude.requests[3].created.bucketing_salt());
  EXPECT_EQ(amplitude.groups.size(), 2u) << "one was there before";
}

TEST_F(CreateTest, AGroupThatShowsAfterThePostWasMadeAgainIsReturned) {
  gateway.options.write_visibility_timeout = absl::ZeroDuration();
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .visible_after = 1});
  amplitude.NextWrite({.status = AnsweredWith(Operation::kCreate, 409)});
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(Sequence(amplitude.requests), "create list create list");
  EXPECT_EQ((*reply)->mutex_group().id(), "9000");
  EXPECT_EQ(amplitude.groups.size(), 2u) << "one was there before";
}

TEST_F(CreateTest, PostsThatNeverTakeEffectAreUnavailableAndSayHowToRepeat) {
  for (int i = 0; i < 6; ++i) {
    amplitude.NextWrite(
        {.status = AnsweredWith(Operation::kCreate, 500), .lost = true, .applied = false});
  }
  const auto reply = Create();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_EQ(Metadata(reply.status(), "http_status"), "500");
  EXPECT_EQ(Metadata(reply.status(), "request_id"), request.request_id());
  EXPECT_EQ(amplitude.Count(Operation::kCreate), 5u);
  // No two posts without a look between.
  EXPECT_THAT(Sequence(amplitude.requests), Not(HasSubstr("create create")));
}

TEST_F(CreateTest, ARequestIdThatWasMadeForTheCallIsToldWhenItMayHaveBeenSent) {
  request.clear_request_id();
  call.deadline = clock.MonotonicNow() + std::chrono::milliseconds(300);
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  const auto reply = Create();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_THAT(Metadata(reply.status(), "request_id"), MatchesRegex("[0-9a-f-]{36}"));
}

TEST_F(CreateTest, APostThatFoundALimitIsMadeAgainAfterTheWaitAndALook) {
  absl::Status limited = AnsweredWith(Operation::kCreate, 429);
  amplitude::SetRetryDelay(limited, absl::Seconds(3));
  amplitude.NextWrite({.status = limited});
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(Sequence(amplitude.requests), "create list create get");
  EXPECT_EQ(amplitude.requests[1].time - amplitude.requests[0].time, std::chrono::seconds(3));
}

TEST_F(CreateTest, ALimitThatLastsLongerThanTheDeadlineIsToldAtOnce) {
  absl::Status limited = AnsweredWith(Operation::kCreate, 429);
  amplitude::SetRetryDelay(limited, absl::Minutes(3));
  amplitude.NextWrite({.status = limited});
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED));
  EXPECT_EQ(Sequence(amplitude.requests), "create");
}

TEST_F(CreateTest, LostReplyAndAFailingLookIsUnknown) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  amplitude.fail_reads = AnsweredWith(Operation::kList, 401);
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN));
  EXPECT_THAT(amplitude.ReadTimes(), ElementsAre(0));
}

TEST_F(CreateTest, LostReplyAndAnothersGroupIsTaken) {
  request.mutable_mutex_group()->set_key("checkout");
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  Existing().set_bucketing_salt("r1-0000000000000000-0000000000000000");
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS));
}

TEST_F(CreateTest, UnreadableReplyOfAnAcceptedPostLeadsToTheLook) {
  amplitude.next_create_reply_is_unreadable = true;
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().id(), "9000");
  EXPECT_EQ(amplitude.Count(Operation::kList), 1u);
}

TEST_F(CreateTest, UnreadableReplyAndAGroupThatDoesNotAppearIsNotYetVisible) {
  amplitude.next_create_reply_is_unreadable = true;
  amplitude.NextWrite({.applied = false});
  const auto reply = Create();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "true");
}

TEST_F(CreateTest, UnreadableReplyAndAFailingLookIsNotYetVisible) {
  amplitude.next_create_reply_is_unreadable = true;
  amplitude.fail_reads = AnsweredWith(Operation::kList, 429);
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
}

TEST_F(CreateTest, AGroupThatDoesNotShowIsNamedWithIdAndUrl) {
  amplitude.NextWrite({.applied = false});
  const auto reply = Create();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
  EXPECT_EQ(Metadata(reply.status(), "mutex_group_id"), "9000");
  EXPECT_EQ(Metadata(reply.status(), "url"), "http://amplitude.test/groups/9000");
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "true");
  EXPECT_THAT(amplitude.ReadTimes(), ElementsAre(0, 100, 300, 700, 1500, 2000));
}

TEST_F(CreateTest, FailingReadsAfterAcceptanceNeverTurnItIntoAnythingElse) {
  for (const int http_status : {401, 404, 429, 503}) {
    amplitude.fail_reads = AnsweredWith(Operation::kGet, http_status);
    request.clear_request_id();
    const auto reply = Create();
    EXPECT_THAT(reply.status(),
                IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE))
        << http_status;
    EXPECT_NE(Metadata(reply.status(), "mutex_group_id"), "(none)");
  }
}

TEST_F(CreateTest, TooLargeAReplyNamesTheGroupThatWasMade) {
  gateway.options.max_reply_bytes = 100;
  const auto reply = Create();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "true");
  EXPECT_EQ(Metadata(reply.status(), "mutex_group_id"), "9000");
}

TEST_F(CreateTest, ACallersOwnSaltIsSentAndIsNoMark) {
  request.mutable_mutex_group()->set_bucketing_salt("my salt");
  request.mutable_mutex_group()->set_key("checkout");
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(amplitude.requests[0].created.bucketing_salt(), "my salt");
  // Every field sent is equal.
  EXPECT_TRUE(Create().ok());
  // What was not sent may be anything.
  amplitude.groups.back().set_description("added later");
  EXPECT_TRUE(Create().ok());
  request.mutable_mutex_group()->mutable_slots(0)->set_experiment_ids(0, 32);
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS));
}

TEST_F(CreateTest, ValidateOnlyLooksForTheKeyAndSendsNothing) {
  request.set_validate_only(true);
  const auto reply = Create();
  ASSERT_TRUE(reply.ok()) << reply.status();
  const v1::MutexGroup& group = (*reply)->mutex_group();
  EXPECT_THAT(group.key(), MatchesRegex("checkout-v2-[0-9a-f]{10}"));
  EXPECT_EQ(group.evaluation_mode(), v1::EVALUATION_MODE_REMOTE);
  EXPECT_EQ(group.bucketing_key(), "amplitude_id");
  EXPECT_EQ(group.id(), "");
  EXPECT_EQ(group.etag(), "");
  EXPECT_EQ(amplitude.Count(Operation::kList), 1u);
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(CreateTest, ValidateOnlyFindsWhatTheLiveCallWouldFind) {
  request.set_validate_only(true);
  request.mutable_mutex_group()->set_key("checkout");
  v1::MutexGroup& existing = Existing();
  const auto same = Create();
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ((*same)->mutex_group().id(), "55");
  const std::string salt = existing.bucketing_salt();
  existing.set_bucketing_salt(salt.substr(0, 20) + "0000000000000000");
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kInvalidArgument, v1::ERROR_REASON_REQUEST_ID_REUSED));
  existing.set_bucketing_salt("of the user interface");
  EXPECT_THAT(Create().status(),
              IsError(StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(CreateTest, TheLookReadsAllPages) {
  amplitude.served_limit = 2;
  for (int i = 0; i < 5; ++i) {
    amplitude.groups.push_back(GroupWith(absl::StrCat(100 + i), {100}));
  }
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_TRUE(Create().ok());
  EXPECT_EQ(amplitude.Count(Operation::kList), 4u);
}

TEST_F(CreateTest, CreatesOfOneKeyFollowOneAnother) {
  request.mutable_mutex_group()->set_key("checkout");
  v1::CreateMutexGroupRequest other = request;
  amplitude::Call other_call = call;
  amplitude.NextWrite({.visible_after = 1});
  const auto first = loop.Start(CreateGroup(gateway, call, request));
  const auto second = loop.Start(CreateGroup(gateway, other_call, other));
  EXPECT_EQ(amplitude.Count(Operation::kCreate), 1u);
  loop.Advance(absl::Milliseconds(100));
  ASSERT_TRUE(first->done() && second->done());
  ASSERT_TRUE(second->result().ok()) << second->result().status();
  EXPECT_EQ((*second->result())->mutex_group().id(), (*first->result())->mutex_group().id());
}

TEST_F(CreateTest, CancelledWhileItLooks) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  const auto create = loop.Start(CreateGroup(gateway, call, request));
  ASSERT_EQ(clock.sleepers(), 1u);
  create->Cancel();
  loop.Poll();
  ASSERT_TRUE(create->done());
  EXPECT_TRUE(absl::IsCancelled(create->result().status()));
}

v1::MutexGroup Named(const std::string& name) {
  v1::MutexGroup group;
  group.set_name(name);
  return group;
}

std::string KeyFor(const std::string& name) {
  return MarkedCreate(Named(name), kRequestId).group().key();
}

TEST(CreateMark, SlugsAreLowerCaseLettersDigitsAndSingleDashes) {
  EXPECT_THAT(KeyFor("Checkout (v2)"), MatchesRegex("checkout-v2-[0-9a-f]{10}"));
  EXPECT_THAT(KeyFor("  --A  b__C--  "), MatchesRegex("a-b-c-[0-9a-f]{10}"));
  EXPECT_THAT(KeyFor("Größe"), MatchesRegex("gr-e-[0-9a-f]{10}"));
  EXPECT_THAT(KeyFor("日本"), MatchesRegex("mutex-group-[0-9a-f]{10}"));
  EXPECT_THAT(KeyFor(std::string(300, 'x')), MatchesRegex("x{48}-[0-9a-f]{10}"));
}

TEST(CreateMark, KeyAndSaltAreTheSameOnEveryMachine) {
  const v1::CreateMutexGroupRequest request = RequestToCreate();
  const MarkedCreate create(request.mutex_group(), kRequestId);
  EXPECT_EQ(create.group().key(), "checkout-v2-5ad6260369");
  EXPECT_EQ(create.group().bucketing_salt(), "r1-5ad6260369a84378-d3382e73645f80cb");
}

TEST(CreateMark, RequestIdsAreTheSameInEitherCase) {
  const MarkedCreate lower(Named("a"), kRequestId);
  const MarkedCreate upper(Named("a"), absl::AsciiStrToUpper(kRequestId));
  EXPECT_EQ(lower.group().key(), upper.group().key());
  EXPECT_EQ(lower.group().bucketing_salt(), upper.group().bucketing_salt());
}

TEST(CreateMark, AnyDifferenceOfTheBodyGivesAnotherSaltOfTheSameRequest) {
  const v1::MutexGroup group = RequestToCreate().mutex_group();
  const MarkedCreate create(group, kRequestId);
  std::vector<v1::MutexGroup> others(8, group);
  others[0].set_project_id(2);
  others[1].set_key("k");
  others[2].set_name("n");
  others[3].set_description("d");
  others[4].set_evaluation_mode(v1::EVALUATION_MODE_LOCAL);
  others[5].set_bucketing_key("device_id");
  others[6].mutable_slots(0)->add_individuals("ada");
  others[7].mutable_slots(0)->set_percentage(61);
  for (const v1::MutexGroup& other : others) {
    const MarkedCreate changed(other, kRequestId);
    EXPECT_EQ(create.Match(changed.group()), MarkMatch::kOtherBody) << other.ShortDebugString();
  }
}

TEST(CreateMark, ListsAreSets) {
  v1::MutexGroup group = RequestToCreate().mutex_group();
  group.mutable_slots(0)->add_experiment_ids(32);
  v1::MutexGroup other = group;
  other.mutable_slots(0)->mutable_experiment_ids()->SwapElements(0, 1);
  EXPECT_EQ(MarkedCreate(group, kRequestId).Match(MarkedCreate(other, kRequestId).group()),
            MarkMatch::kSame);
}

TEST(CreateMark, OwnSaltComparesEveryFieldThatWasSent) {
  v1::MutexGroup group = RequestToCreate().mutex_group();
  group.set_bucketing_salt("mine");
  group.set_description("d");
  group.set_evaluation_mode(v1::EVALUATION_MODE_LOCAL);
  group.set_bucketing_key("device_id");
  const MarkedCreate create(group, kRequestId);
  EXPECT_EQ(create.Match(create.group()), MarkMatch::kSame);
  std::vector<v1::MutexGroup> others(10, create.group());
  others[0].set_project_id(2);
  others[1].set_key("k");
  others[2].set_name("n");
  others[3].set_description("other");
  others[4].set_evaluation_mode(v1::EVALUATION_MODE_REMOTE);
  others[5].set_bucketing_key("user_id");
  others[6].set_bucketing_salt("theirs");
  others[7].mutable_slots(0)->add_holdout_ids(1);
  others[8].mutable_slots(0)->set_percentage(61);
  others[9].add_slots();
  for (const v1::MutexGroup& other : others) {
    EXPECT_EQ(create.Match(other), MarkMatch::kOtherRequest) << other.ShortDebugString();
  }
}

TEST(CreateMark, NewRequestIdsAreRandomUuids) {
  const std::string one = NewRequestId();
  EXPECT_THAT(one, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                "[0-9a-f]{12}"));
  EXPECT_NE(one, NewRequestId());
}

}  // namespace
}  // namespace mutexd::groups
