#include "service/amplitude/fair_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace mutexd::amplitude {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Named : public FairQueue::Waiter {
 public:
  explicit Named(std::string its_name) : name(std::move(its_name)) {}
  const std::string name;
};

class FairQueueTest : public ::testing::Test {
 protected:
  ~FairQueueTest() override { Names(); }

  // A waiter "<share><n>" of this share.
  Named& Join(const std::string& share) {
    Named& waiter = waiters_.emplace_back(share + std::to_string(++joined_[share]));
    queue.Join(waiter, share);
    return waiter;
  }

  static std::string NameOf(FairQueue::Waiter* waiter) { return static_cast<Named*>(waiter)->name; }

  std::string Next() {
    const std::string name = NameOf(queue.first());
    queue.PopFirst();
    return name;
  }

  // All, in the order in which their turns come.
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    while (!queue.empty()) names.push_back(Next());
    return names;
  }

  std::vector<std::string> Foretold() {
    std::vector<std::string> names;
    for (FairQueue::Waiter* waiter : queue.InOrder()) names.push_back(NameOf(waiter));
    return names;
  }

  FairQueue queue;

 private:
  std::deque<Named> waiters_;
  std::map<std::string, int> joined_;
};

TEST_F(FairQueueTest, IsInTheOrderOfArrivalWithinAShare) {
  for (int i = 0; i < 3; ++i) Join("a");
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_THAT(Names(), ElementsAre("a1", "a2", "a3"));
  EXPECT_EQ(queue.first(), nullptr);
}

TEST_F(FairQueueTest, GivesEachShareOneInTurn) {
  for (int i = 0; i < 4; ++i) Join("a");
  Join("b");
  Join("b");
  Join("c");
  EXPECT_THAT(Names(), ElementsAre("a1", "b1", "c1", "a2", "b2", "a3", "a4"));
}

TEST_F(FairQueueTest, AShareThatComesAgainAndAgainGetsNoMoreThanItsTurn) {
  for (int i = 0; i < 3; ++i) Join("a");
  Join("b");
  EXPECT_EQ(Next(), "a1");
  EXPECT_EQ(Next(), "b1");
  Join("b");
  EXPECT_EQ(Next(), "a2");
  EXPECT_EQ(Next(), "b2");
  Join("b");
  EXPECT_EQ(Next(), "a3");
}

TEST_F(FairQueueTest, WhoLeavesHoldsNobodyUp) {
  Named& first = Join("a");
  Join("b");
  Join("a");
  queue.Leave(first);
  EXPECT_THAT(Names(), ElementsAre("a2", "b1"));
  Named& only = Join("c");
  queue.Leave(only);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.TurnsBefore("c"), 0u);
}

TEST_F(FairQueueTest, TellsTheOrderAndHowManyTurnsComeBeforeANewcomer) {
  EXPECT_EQ(queue.TurnsBefore("a"), 0u);
  // A few hundred states of the queue, compared with what then happens.
  unsigned random = 1;
  for (int step = 0; step < 400; ++step) {
    random = random * 1664525 + 1013904223;
    const std::string share(1, static_cast<char>('a' + random / 65536 % 5));
    if (random / 1024 % 3 == 0 && !queue.empty()) {
      Next();
      continue;
    }
    const std::size_t turns = queue.TurnsBefore(share);
    const Named& newcomer = Join(share);
    const std::vector<std::string> foretold = Foretold();
    ASSERT_EQ(foretold.size(), queue.size());
    EXPECT_EQ(foretold[turns], newcomer.name) << "in step " << step;
  }
  const std::vector<std::string> foretold = Foretold();
  EXPECT_EQ(Names(), foretold);
  EXPECT_THAT(Foretold(), IsEmpty());
}

}  // namespace
}  // namespace mutexd::amplitude
