#include "client/cpp/mutexctl/slot_bar.h"

#include <gmock/gmock.h>

#include <numeric>

#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Slots with these shares; the odd ones (1st, 3rd, …) hold an experiment.
v1::MutexGroup GroupOf(const std::vector<int>& shares) {
  v1::MutexGroup group;
  for (const int share : shares) {
    auto* slot = group.add_slots();
    slot->set_percentage(share);
    if (group.slots_size() % 2 == 1) slot->add_experiment_ids(1);
  }
  return group;
}

TEST(SlotBar, GivesCellsInProportion) {
  EXPECT_THAT(CellsOfSlots(GroupOf({40, 60}), 50), ElementsAre(20, 30));
  EXPECT_THAT(CellsOfSlots(GroupOf({33, 33, 34}), 10), ElementsAre(3, 4, 3));
  EXPECT_THAT(CellsOfSlots(GroupOf({100}), 7), ElementsAre(7));
}

TEST(SlotBar, GivesEverySlotACellAndFillsTheWidth) {
  EXPECT_THAT(CellsOfSlots(GroupOf({1, 98, 1}), 10), ElementsAre(1, 8, 1));
  const std::vector<int> twenty(20, 5);
  const auto cells = CellsOfSlots(GroupOf(twenty), 23);
  EXPECT_THAT(cells, Each(Ge(1)));
  EXPECT_EQ(std::accumulate(cells.begin(), cells.end(), 0), 23);
  EXPECT_THAT(CellsOfSlots(GroupOf({50, 25, 25}), 2), Each(Ge(1)));
}

TEST(SlotBar, DoesNotTrustShares) {
  EXPECT_THAT(CellsOfSlots(GroupOf({40, 10}), 50), ElementsAre(20, 5));
  EXPECT_THAT(CellsOfSlots(GroupOf({-5, 2'000'000'000}), 10), ElementsAre(1, 9));
  EXPECT_THAT(CellsOfSlots(GroupOf({100, 100}), 10), ElementsAre(5, 5));
  EXPECT_THAT(CellsOfSlots(GroupOf({}), 10), IsEmpty());
}

TEST(SlotBar, IsSolidWhereSomethingRunsAndLightWhereFree) {
  EXPECT_EQ(TrafficBar(GroupOf({40, 60}), 33, {.unicode = true}),
            "│███ 40% ████│░░░░░░ 60% ░░░░░░░│");
  EXPECT_EQ(TrafficBar(GroupOf({40, 60}), 33, {}), "[### 40% ####|...... 60% .......]");
}

TEST(SlotBar, LeavesOutPercentagesThatDoNotFit) {
  EXPECT_EQ(TrafficBar(GroupOf({25, 75}), 19, {}), "[####|... 75% ....]");
}

TEST(SlotBar, HoldsTheWidthUnlessSlotsNeedMore) {
  for (const int width : {20, 41, 60, 79}) {
    EXPECT_EQ(DisplayWidth(TrafficBar(GroupOf({1, 9, 30, 60}), width, {.unicode = true})), width);
  }
  const std::vector<int> twenty(20, 5);
  EXPECT_EQ(DisplayWidth(TrafficBar(GroupOf(twenty), 20, {})), 41);
}

TEST(SlotBar, ColoursOnlyWhenAsked) {
  EXPECT_THAT(TrafficBar(GroupOf({40, 60}), 30, {.unicode = true}), Not(HasSubstr("\x1b")));
  const auto bar = TrafficBar(GroupOf({40, 60}), 30, {.unicode = true, .colour = true});
  EXPECT_THAT(bar, HasSubstr("\x1b[36m█"));
  EXPECT_THAT(bar, HasSubstr("\x1b[2m░"));
  EXPECT_THAT(bar, HasSubstr("\x1b[0m│"));
}

TEST(SlotBar, SaysThatThereAreNoSlots) {
  EXPECT_EQ(TrafficBar(GroupOf({}), 30, {.unicode = true, .colour = true}), "(no slots)");
}

TEST(SlotBar, PutsASingleSlotAtItsPlace) {
  EXPECT_EQ(SlotTrafficBar(GroupOf({40, 60}), 0, 20, {}), "# 40% ##");
  EXPECT_EQ(SlotTrafficBar(GroupOf({40, 60}), 1, 20, {}), "        ... 60% ....");
}

}  // namespace
}  // namespace mutexgroups::ctl
