#include "service/amplitude/alarm.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/fakes/test_loop.h"

namespace mutexd::amplitude {
namespace {

using std::chrono::seconds;

class AlarmTest : public ::testing::Test {
 protected:
  void Set(int in_seconds) {
    alarm->SetAtLatest(start + seconds(in_seconds), loop.clock(), loop.loop().get_executor());
    loop.Poll();
  }

  fakes::TestLoop loop;
  const MonotonicTime start = loop.clock().MonotonicNow();
  int rung = 0;
  std::optional<Alarm> alarm{[this] { ++rung; }};
};

TEST_F(AlarmTest, RingsOnceWhenItsTimeHasCome) {
  Set(2);
  EXPECT_EQ(alarm->set_for(), start + seconds(2));
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(rung, 0);
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(rung, 1);
  EXPECT_EQ(alarm->set_for(), std::nullopt);
  loop.Advance(absl::Seconds(9));
  EXPECT_EQ(rung, 1);
}

TEST_F(AlarmTest, CanBeSetEarlierButNotLater) {
  Set(5);
  Set(7);
  EXPECT_EQ(alarm->set_for(), start + seconds(5));
  Set(2);
  EXPECT_EQ(alarm->set_for(), start + seconds(2));
  EXPECT_EQ(loop.clock().sleepers(), 1u);
  loop.Advance(absl::Seconds(2));
  EXPECT_EQ(rung, 1);
  loop.Advance(absl::Seconds(9));
  EXPECT_EQ(rung, 1) << "only when it was last set for";
}

TEST_F(AlarmTest, CanBeSetByWhatItCalls) {
  alarm.emplace([this] {
    if (++rung < 3) Set(rung + 1);
  });
  Set(1);
  for (int i = 0; i < 9; ++i) loop.Advance(absl::Seconds(1));
  EXPECT_EQ(rung, 3);
}

TEST_F(AlarmTest, IsSilentOnceItIsGone) {
  Set(1);
  alarm.reset();
  loop.Poll();
  EXPECT_EQ(loop.clock().sleepers(), 0u);
  loop.Advance(absl::Seconds(9));
  EXPECT_EQ(rung, 0);
}

TEST_F(AlarmTest, IsNotSetAnyMoreWhenItsLoopIsGone) {
  {
    fakes::TestLoop doomed;
    alarm->SetAtLatest(start + seconds(1), doomed.clock(), doomed.loop().get_executor());
    doomed.Poll();
    EXPECT_TRUE(alarm->set_for());
  }
  EXPECT_FALSE(alarm->set_for());
  Set(2);
  loop.Advance(absl::Seconds(2));
  EXPECT_EQ(rung, 1);
}

}  // namespace
}  // namespace mutexd::amplitude
