#include "service/groups/group_locks.h"

#include <memory>

#include "service/groups/update.h"
#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

class GroupLocksTest : public GroupsTest {
 protected:
  using Lock = std::optional<GroupLock>;

  std::shared_ptr<fakes::Started<Lock>> Acquire(const std::string& name) {
    return loop.Start(locks.Acquire(name));
  }

  GroupLocks locks;
};

TEST_F(GroupLocksTest, LetsOneThroughAtATimeInTheOrderOfArrival) {
  const auto first = Acquire("7");
  const auto second = Acquire("7");
  const auto third = Acquire("7");
  ASSERT_TRUE(first->done());
  EXPECT_FALSE(second->done());
  first->result().reset();
  loop.Poll();
  ASSERT_TRUE(second->done());
  EXPECT_FALSE(third->done());
  second->result().reset();
  loop.Poll();
  EXPECT_TRUE(third->done());
}

TEST_F(GroupLocksTest, OtherNamesDoNotWait) {
  const auto one = Acquire("7");
  const auto other = Acquire("8");
  EXPECT_TRUE(one->done());
  EXPECT_TRUE(other->done());
}

TEST_F(GroupLocksTest, CanBeTakenAgainOnceReleased) {
  for (int i = 0; i < 3; ++i) {
    const auto lock = Acquire("7");
    ASSERT_TRUE(lock->done());
    EXPECT_TRUE(lock->result().has_value());
  }
}

TEST_F(GroupLocksTest, ACancelledWaiterLeavesTheLine) {
  const auto first = Acquire("7");
  const auto second = Acquire("7");
  const auto third = Acquire("7");
  second->Cancel();
  loop.Poll();
  ASSERT_TRUE(second->done());
  EXPECT_FALSE(second->result().has_value());
  EXPECT_FALSE(third->done());
  first->result().reset();
  loop.Poll();
  ASSERT_TRUE(third->done());
  EXPECT_TRUE(third->result().has_value());
}

TEST_F(GroupLocksTest, AWaiterThatIsCancelledAsItsTurnComesPassesItOn) {
  const auto first = Acquire("7");
  const auto second = Acquire("7");
  const auto third = Acquire("7");
  first->result().reset();
  second->Cancel();
  loop.Poll();
  ASSERT_TRUE(second->done());
  second->result().reset();
  loop.Poll();
  EXPECT_TRUE(third->done());
}

TEST_F(GroupLocksTest, WaitersThatAreDroppedWithTheirLoopLeaveTheLineAndGiveUpTheirTurn) {
  auto first = Acquire("7");
  {
    fakes::TestLoop doomed;
    const auto granted = doomed.Start(locks.Acquire("7"));
    const auto waiting = doomed.Start(locks.Acquire("7"));
    first->result().reset();  // the turn of the former, whose loop runs no more
    EXPECT_FALSE(granted->done());
    EXPECT_FALSE(waiting->done());
  }
  EXPECT_TRUE(Acquire("7")->done());
}

TEST_F(GroupLocksTest, WritesToOneGroupFollowOneAnother) {
  v1::UpdateMutexGroupRequest one;
  one.mutable_mutex_group()->set_id("7");
  one.mutable_mutex_group()->set_name("one");
  v1::UpdateMutexGroupRequest other = one;
  other.mutable_mutex_group()->set_name("other");
  amplitude.NextWrite({.visible_after = 1});
  amplitude::Call other_call = call;
  const auto first = loop.Start(UpdateGroup(gateway, call, one));
  const auto second = loop.Start(UpdateGroup(gateway, other_call, other));
  EXPECT_EQ(amplitude.requests.size(), 3u);  // the second has not begun to read
  EXPECT_FALSE(first->done());
  loop.Advance(absl::Milliseconds(100));
  ASSERT_TRUE(first->done());
  ASSERT_TRUE(second->done());
  EXPECT_EQ((*first->result())->mutex_group().name(), "one");
  EXPECT_EQ((*second->result())->mutex_group().name(), "other");
}

TEST_F(GroupLocksTest, AWriteThatIsCancelledWhileItWaitsSendsNothing) {
  v1::UpdateMutexGroupRequest one;
  one.mutable_mutex_group()->set_id("7");
  one.mutable_mutex_group()->set_name("one");
  amplitude.NextWrite({.applied = false});
  amplitude::Call other_call = call;
  const auto first = loop.Start(UpdateGroup(gateway, call, one));
  const auto second = loop.Start(UpdateGroup(gateway, other_call, one));
  const std::size_t requests = amplitude.requests.size();
  second->Cancel();
  loop.Poll();
  ASSERT_TRUE(second->done());
  EXPECT_TRUE(absl::IsCancelled(second->result().status()));
  EXPECT_EQ(amplitude.requests.size(), requests);
  EXPECT_FALSE(other_call.write_sent);
  EXPECT_FALSE(first->done());
}

}  // namespace
}  // namespace mutexd::groups
