#include "client/cpp/mutexctl/group_view.h"

#include <gmock/gmock.h>

#include "absl/strings/str_split.h"
#include "client/cpp/mutexctl/safe_text.h"
#include "tests/unit/client/fake_gateway.h"

namespace mutexgroups::ctl {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::ResultOf;

google::protobuf::RepeatedPtrField<v1::MutexGroup> Groups(
    const std::vector<v1::MutexGroup>& groups) {
  return {groups.begin(), groups.end()};
}

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

TEST(GroupView, TableHasALineWithABarForEachGroup) {
  auto archived = CheckoutGroup();
  archived.set_id("99");
  archived.set_state(v1::MutexGroup::STATE_ARCHIVED);
  archived.clear_slots();
  EXPECT_EQ(GroupTable(Groups({CheckoutGroup(), archived}), {}, {.width = 72}),
            "ID    KEY       NAME      STATE     TRAFFIC\n"
            "1234  checkout  Checkout  active    [#### 40% ####|....... 60% ........]\n"
            "99    checkout  Checkout  archived  (no slots)\n");
}

TEST(GroupView, TableSaysWhichSlotsHoldWhatWasLookedFor) {
  v1::MutexGroupFilter wanted;
  wanted.set_experiment_id(124);
  EXPECT_THAT(GroupTable(Groups({CheckoutGroup()}), wanted, {}),
              HasSubstr("STATE   IN SLOTS  TRAFFIC\n1234  checkout  Checkout  active  1     "));
  auto group = CheckoutGroup();
  group.mutable_slots(1)->add_holdout_ids(5);
  group.mutable_slots(1)->add_individuals("ada@example.com");
  v1::MutexGroupFilter individual;
  individual.set_individual("ada@example.com");
  EXPECT_THAT(GroupTable(Groups({group}), individual, {}), HasSubstr("active  1, 2 "));
  v1::MutexGroupFilter holdout;
  holdout.set_holdout_id(5);
  EXPECT_THAT(GroupTable(Groups({group}), holdout, {}), HasSubstr("active  2 "));
}

TEST(GroupView, TableFitsATerminalAndCutsNothingElsewhere) {
  auto group = CheckoutGroup();
  group.set_name(std::string(300, 'n'));
  group.set_key(std::string(100, 'k'));
  Terminal terminal{.out_is_terminal = true, .width = 80, .style = {.unicode = true}};
  EXPECT_THAT(Lines(GroupTable(Groups({group}), {}, terminal)),
              Each(ResultOf([](const std::string& line) { return DisplayWidth(line); }, Le(80))));
  terminal.out_is_terminal = false;
  EXPECT_THAT(GroupTable(Groups({group}), {}, terminal), HasSubstr(group.name()));
}

TEST(GroupView, TableOfNothingSaysSo) {
  EXPECT_EQ(GroupTable(Groups({}), {}, {}), "No mutex groups.\n");
}

TEST(GroupView, DetailShowsFieldsBarAndSlots) {
  EXPECT_EQ(GroupDetail(CheckoutGroup(), {.width = 80, .style = {.unicode = true}}),
            "Checkout\n"
            "  id           1234\n"
            "  key          checkout\n"
            "  project      5678\n"
            "  state        active\n"
            "  description  Experiments on the way to paying\n"
            "  evaluation   remote\n"
            "  bucketing    amplitude_id, salt aBcD1234\n"
            "  created      2026-01-01T00:00:00Z\n"
            "  etag         v1-c65d29d8\n"
            "\n"
            "  │████████████ 40% █████████████│░░░░░░░░░░░░░░░░░░░░ 60% ░░░░░░░░░░░░░░░░░░░░│\n"
            "\n"
            "  SLOT  NAME    SHARE  EXPERIMENTS  INDIVIDUALS      TRAFFIC\n"
            "     1  SLOT 1    40%  123, 124     ada@example.com  ███ 40% ███\n"
            "     2  SLOT 2    60%  -                                        ░░░░░ 60% ░░░░░░\n");
}

TEST(GroupView, DetailShortensLongLists) {
  auto group = CheckoutGroup();
  for (int id = 200; id < 300; ++id) group.mutable_slots(1)->add_experiment_ids(id);
  EXPECT_THAT(GroupDetail(group, {}), HasSubstr("200, 201, 202, 203, +96 "));
}

TEST(GroupView, CannotWriteToTheTerminalAsItLikes) {
  auto group = CheckoutGroup();
  const std::string evil = "\x1b[31mX\u202e\r";
  group.set_id(evil);
  group.set_name(evil);
  group.set_key(evil);
  group.set_description(evil);
  group.set_created_by(evil);
  group.mutable_slots(0)->set_name(evil);
  group.mutable_slots(0)->add_individuals(evil);
  group.mutable_slots(0)->add_cohorts(evil);
  for (const auto& text : {GroupDetail(group, {}), GroupTable(Groups({group}), {}, {})}) {
    EXPECT_THAT(text, HasSubstr("\\x1b[31mX\\u202e\\r"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
    EXPECT_THAT(text, Not(HasSubstr("\u202e")));
  }
}

}  // namespace
}  // namespace mutexgroups::ctl
