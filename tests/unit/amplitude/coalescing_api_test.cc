#include "service/amplitude/coalescing_api.h"

#include <optional>

#include "tests/unit/amplitude/reads_fixture.h"

namespace mutexd::amplitude {
namespace {

using fakes::Started;

class CoalescingApiTest : public ReadsTest {
 protected:
  CoalescingApiTest() { slow.delay = absl::Seconds(1); }

  std::shared_ptr<Started<GroupAnswer>> Get(Call& its_call, const std::string& id = "7") {
    return loop.Start(api->Get(its_call, id));
  }
  std::shared_ptr<Started<PageAnswer>> List(Call& its_call, int limit, const std::string& cursor) {
    ListQuery query{.limit = limit, .cursor = cursor};
    return loop.Start(api->List(its_call, query));
  }
  std::size_t Requests() const { return amplitude.requests.size(); }

  std::optional<CoalescingApi> api{std::in_place, slow, keys, own_writes, observer};
};

TEST_F(CoalescingApiTest, AThousandEqualGetsAreOneRequest) {
  std::vector<Call> calls(1000, call);
  std::vector<std::shared_ptr<Started<GroupAnswer>>> gets;
  for (Call& one : calls) gets.push_back(Get(one));
  EXPECT_EQ(Requests(), 1u);
  EXPECT_EQ(observer.joined, 999);
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(Requests(), 1u);
  ASSERT_TRUE(gets.front()->done() && gets.front()->result().ok());
  for (const auto& get : gets) {
    ASSERT_TRUE(get->done());
    EXPECT_EQ(*get->result(), *gets.front()->result());
  }
  EXPECT_EQ((*gets.front()->result())->group->name(), "Group 7");
}

TEST_F(CoalescingApiTest, AnErrorIsForEverybody) {
  amplitude.fail_reads = fakes::ConnectionLost();
  Call other = call;
  const auto one = Get(call);
  const auto two = Get(other);
  loop.Advance(absl::Seconds(1));
  for (const auto& get : {one, two}) {
    ASSERT_TRUE(get->done());
    EXPECT_THAT(get->result().status(),
                IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  }
  EXPECT_EQ(Requests(), 1u);
}

TEST_F(CoalescingApiTest, AReadAfterTheAnswerIsANewRequest) {
  Get(call);
  loop.Advance(absl::Seconds(1));
  amplitude.Find("7")->set_name("New");
  const auto second = Get(call);
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ((*second->result())->group->name(), "New");
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(CoalescingApiTest, OtherIdsPagesAndOperationsAreNotEqual) {
  Call calls[6] = {call, call, call, call, call, call};
  Get(calls[0], "7");
  Get(calls[1], "8");
  List(calls[2], 2, "");
  List(calls[3], 3, "");
  List(calls[4], 2, "7");
  List(calls[5], 2, "");  // as the third
  EXPECT_EQ(Requests(), 5u);
  EXPECT_EQ(observer.joined, 1);
}

TEST_F(CoalescingApiTest, EqualPagesAreOneRequest) {
  Call other = call;
  const auto one = List(call, 2, "");
  const auto two = List(other, 2, "");
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(one->done() && two->done());
  EXPECT_EQ(*one->result(), *two->result());
  EXPECT_THAT((*one->result())->entries, SizeIs(2));
  EXPECT_EQ(amplitude.requests[0].query.limit, 2);
}

TEST_F(CoalescingApiTest, KeysAreNeverMixed) {
  Call one = call;
  one.credential = KeyOfCaller("one");
  Call other = call;
  other.credential = KeyOfCaller("other");
  Call same = call;
  same.credential = KeyOfCaller("one");
  Get(call);
  Get(one);
  Get(other);
  Get(same);
  ASSERT_THAT(slow.calls, SizeIs(3));
  EXPECT_EQ(slow.calls[0].credential, nullptr);
  EXPECT_EQ(slow.calls[1].credential->management_key, "one");
  EXPECT_EQ(slow.calls[2].credential->management_key, "other");
}

TEST_F(CoalescingApiTest, WithoutAKeyTheClientMakesTheError) {
  NoKey no_key;
  api.emplace(slow, no_key, own_writes, observer);
  Call other = call;
  Get(call);
  Get(other);
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(CoalescingApiTest, TheReadsOfWritesJoinNothing) {
  Call write = call;
  write.is_write = true;
  Call other_write = write;
  Get(call);
  Get(write);
  Get(other_write);
  EXPECT_EQ(Requests(), 3u);
  EXPECT_EQ(observer.joined, 0);
}

TEST_F(CoalescingApiTest, TheRequestIsMadeInTheNameOfTheFirstCaller) {
  call.caller = "shop";
  call.share = "ipv4:1.2.3.4:5";
  call.method = "GetMutexGroup";
  call.reservation = std::make_shared<int>(1);
  Get(call);
  ASSERT_THAT(slow.calls, SizeIs(1));
  const Call& made = slow.calls[0];
  EXPECT_EQ(made.rpc_id, "rpc-of-test");
  EXPECT_EQ(made.caller, "shop");
  EXPECT_EQ(made.share, "ipv4:1.2.3.4:5");
  EXPECT_EQ(made.method, "GetMutexGroup");
  EXPECT_EQ(made.deadline, call.deadline);
  EXPECT_EQ(made.reservation, nullptr);
}

TEST_F(CoalescingApiTest, EverybodyLearnsTheHttpStatus) {
  slow.answers_with_http_status = 404;
  Call other = call;
  Get(call);
  Get(other);
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(call.http_status, 404);
  EXPECT_EQ(other.http_status, 404);
}

TEST_F(CoalescingApiTest, TheLatestDeadlineCounts) {
  Call later = call;
  later.deadline += std::chrono::seconds(5);
  Call earlier = call;
  earlier.deadline -= std::chrono::seconds(5);
  Get(call);
  Get(later);
  Get(earlier);
  loop.Advance(absl::Seconds(1));
  EXPECT_THAT(slow.deadlines, ElementsAre(later.deadline));
}

TEST_F(CoalescingApiTest, WhoIsCancelledLeavesAtOnceAndTheOthersGetTheAnswer) {
  std::vector<Call> calls(4, call);
  std::vector<std::shared_ptr<Started<GroupAnswer>>> gets;
  for (Call& one : calls) gets.push_back(Get(one));
  for (const int leaving : {0, 2}) {  // the first one, too
    gets[leaving]->Cancel();
    loop.Poll();
    ASSERT_TRUE(gets[leaving]->done());
    EXPECT_TRUE(absl::IsCancelled(gets[leaving]->result().status()));
  }
  EXPECT_FALSE(gets[1]->done());
  loop.Advance(absl::Seconds(1));
  for (const int staying : {1, 3}) {
    ASSERT_TRUE(gets[staying]->done());
    EXPECT_TRUE(gets[staying]->result().ok());
  }
  EXPECT_EQ(Requests(), 1u);
}

TEST_F(CoalescingApiTest, WhoIsCancelledAsTheAnswerComesIsCancelled) {
  Call other = call;
  const auto one = Get(call);
  const auto two = Get(other);
  clock.Advance(absl::Seconds(1));
  one->Cancel();
  loop.Poll();
  ASSERT_TRUE(one->done() && two->done());
  EXPECT_TRUE(absl::IsCancelled(one->result().status()));
  EXPECT_TRUE(two->result().ok());
}

TEST_F(CoalescingApiTest, TheRequestIsCancelledWhenNobodyWaitsAnyMore) {
  amplitude.NextReadHangs();
  Call other = call;
  const auto one = Get(call);
  const auto two = Get(other);
  ASSERT_EQ(amplitude.hanging(), 1);
  one->Cancel();
  loop.Poll();
  EXPECT_EQ(amplitude.hanging(), 1);
  two->Cancel();
  loop.Poll();
  EXPECT_EQ(amplitude.hanging(), 0);
  EXPECT_TRUE(absl::IsCancelled(two->result().status()));
}

TEST_F(CoalescingApiTest, NobodyJoinsARequestThatIsBeingCancelled) {
  const auto one = Get(call);
  one->Cancel();
  Call other = call;
  const auto two = loop.StartLater(api->Get(other, "7"));
  loop.Poll();
  loop.Advance(absl::Seconds(1));
  ASSERT_TRUE(two->done());
  EXPECT_TRUE(two->result().ok()) << two->result().status();
  EXPECT_EQ(Requests(), 2u);
}

TEST_F(CoalescingApiTest, AReadThatWasCancelledBeforeItBeganAsksForNothing) {
  // Named, as the coroutine refers to its closure.
  const auto get_later = [this]() -> asio::awaitable<GroupAnswer> {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    co_return co_await api->Get(call, "7");
  };
  const auto get = loop.StartLater(get_later());
  asio::post(loop.loop(), [&get] { get->Cancel(); });
  loop.Poll();
  ASSERT_TRUE(get->done());
  EXPECT_TRUE(absl::IsCancelled(get->result().status()));
  EXPECT_EQ(Requests(), 0u);
}

TEST_F(CoalescingApiTest, NobodyJoinsAReadFromBeforeAnOwnWrite) {
  Call other = call;
  Call third = call;
  const auto before = Get(call);
  amplitude.Find("7")->set_name("New");
  own_writes.Advance();
  const auto after = Get(other);
  const auto joined = Get(third);
  EXPECT_EQ(Requests(), 2u);
  loop.Advance(absl::Seconds(1));
  // The former goes on for those who wait for it.
  EXPECT_EQ((*before->result())->group->name(), "Group 7");
  EXPECT_EQ((*after->result())->group->name(), "New");
  EXPECT_EQ(*joined->result(), *after->result());
}

TEST_F(CoalescingApiTest, WritesPassThrough) {
  Call write = call;
  write.is_write = true;
  const GroupEdit edit{.name = "New"};
  const auto edited = loop.Run(api->Edit(write, "7", edit));
  EXPECT_EQ(edited.effect, WriteEffect::kAccepted);
  const SlotEdit slot_edit{.individuals = {{"ada"}}};
  EXPECT_EQ(loop.Run(api->EditSlot(write, "7", 1, slot_edit)).effect, WriteEffect::kNone);
  v1::MutexGroup group;
  group.set_key("new");
  EXPECT_EQ(loop.Run(api->Create(write, group)).effect, WriteEffect::kAccepted);
  EXPECT_EQ(amplitude.CountWrites(), 3u);
}

TEST_F(CoalescingApiTest, RequestsUnderWayMayOutliveIt) {
  Call other = call;
  const auto one = Get(call);
  const auto two = Get(other);
  api.reset();
  EXPECT_FALSE(one->done());
  // The loop drops them at the end of the test.
}

TEST_F(CoalescingApiTest, ARequestThatThrowsEndsEverybodysWait) {
  amplitude.on_request = [](const fakes::SeenRequest&) { throw std::runtime_error("lost"); };
  const auto get = Get(call);
  loop.Poll();
  ASSERT_TRUE(get->done());
  EXPECT_TRUE(absl::IsCancelled(get->result().status()));
}

}  // namespace
}  // namespace mutexd::amplitude
