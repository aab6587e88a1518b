#include "client/cpp/mutexctl/audit_view.h"

#include <gmock/gmock.h>

#include "client/cpp/mutexctl/audit_entry.h"
#include "tests/unit/client/mutexctl_process.h"

namespace mutexgroups::ctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(AuditEntry, KeepsIdsBeyond53Bits) {
  const auto entry = ParseAuditLine(
      R"({"event":"write","time":"2026-01-01T00:00:00.000001Z","new_field":1,
          "before":{"new_field":{},"slots":[{"experiment_ids":["9007199254740993"]}]}})");
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->before->slots(0).experiment_ids(0), 9007199254740993);
  EXPECT_FALSE(entry->after);
}

TEST(AuditEntry, SaysWhatIsWrongWithALine) {
  for (const auto& [line, problem] : std::vector<std::pair<std::string, std::string>>{
           {R"({"event":"write","time":"20)", "not a JSON object"},
           {"[]", "not a JSON object"},
           {"\xff", "not UTF-8"},
           {R"({"time":"2026-01-01T00:00:00Z"})", "`event` is missing"},
           {R"({"event":"write","time":5})", "`time` is not a time"},
           {R"({"event":"write","time":"2026-01-01T00:00:00Z","before":"x"})",
            "`before` is not a mutex group"},
           {R"({"event":"write","time":"2026-01-01T00:00:00Z","after":{"slots":7}})",
            "`after` is not a mutex group"}}) {
    EXPECT_THAT(std::string(ParseAuditLine(line).status().message()), HasSubstr(problem)) << line;
  }
}

TEST(AuditView, TellsWhatDiffers) {
  v1::MutexGroup before;
  before.set_name("Old");
  before.set_etag("v1-1");
  before.set_state(v1::MutexGroup::STATE_ACTIVE);
  auto& slot = *before.add_slots();
  slot.set_percentage(100);
  slot.add_experiment_ids(1);
  slot.add_experiment_ids(2);
  slot.add_individuals("ada");
  v1::MutexGroup after = before;
  after.set_name("New");
  after.set_etag("v1-2");
  after.set_state(v1::MutexGroup::STATE_ARCHIVED);
  after.mutable_slots(0)->set_experiment_ids(0, 3);
  after.mutable_slots(0)->clear_individuals();
  EXPECT_THAT(GroupDifferences(before, after, {}),
              ElementsAre("name \"Old\" -> \"New\"", "state \"ACTIVE\" -> \"ARCHIVED\"",
                          "slot 1 experiments +3 -1", "slot 1 individuals -ada"));
  EXPECT_THAT(GroupDifferences(before, before, {}), IsEmpty());
}

TEST(AuditView, OfAnAttemptWithoutOutcomeTellsWhatWasAskedFor) {
  const auto entry = ParseAuditLine(
      R"({"event":"write","time":"2026-01-01T00:00:00Z","method":"UpdateSlot","code":"UNKNOWN",
          "reason":"WRITE_OUTCOME_UNKNOWN","message":"lost","write_sent":true,
          "request":{"slot_index":2},"before":null,"after":null})");
  ASSERT_TRUE(entry.ok());
  EXPECT_THAT(AuditText(*entry, {}),
              AllOf(HasSubstr("UNKNOWN (WRITE_OUTCOME_UNKNOWN)"), HasSubstr("sent to Amplitude"),
                    HasSubstr("asked for {\"slot_index\":2}"), HasSubstr("(unknown)")));
}

TEST(AuditView, TextsFromElsewhereCannotMoveTheCursor) {
  const auto entry = ParseAuditLine(
      R"({"event":"write","time":"2026-01-01T00:00:00Z","caller":"\u001b[2J","method":"\u001b",
          "code":"OK","peer":"\u202e","rpc_id":"\n","mutex_group_id":"\u0007",
          "before":{"name":"\u001b]0;x"},"after":{"slots":[{"individuals":["a\nb"]}]}})");
  ASSERT_TRUE(entry.ok());
  const std::string text = AuditText(*entry, {});
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\u202e")), Not(HasSubstr("\a"))));
  EXPECT_THAT(text, HasSubstr("+a\\nb\n"));
}

constexpr char kTrail[] =
    R"({"event":"opened","time":"2026-01-01T00:00:00Z","version":"1.2"}
{"event":"write","time":"2026-01-02T00:00:00Z","caller":"a","mutex_group_id":"1","method":"M1"}
{"event":"write","time":"2026-01-03T
{"event":"write","time":"2026-01-03T00:00:00Z","caller":"b","mutex_group_id":"1","method":"M2"}
{"event":"write","time":"2026-01-04T00:00:00Z","caller":"a","mutex_group_id":"2","method":"M3"}
)";

Outcome ShowTrail(std::vector<std::string> flags, std::string trail = kTrail) {
  flags.insert(flags.begin(), {"audit", "show"});
  return RunMutexctl({.arguments = std::move(flags), .input = std::move(trail)});
}

TEST(MutexctlAudit, ShowsATrailAndNamesBrokenLines) {
  const auto outcome = ShowTrail({"-"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("opened by mutexd 1.2"), HasSubstr("M1"),
                                 HasSubstr("M2"), HasSubstr("M3")));
  EXPECT_EQ(outcome.err, "line 3 is left out: not a JSON object\n");
}

TEST(MutexctlAudit, ChoosesByGroupCallerTimeAndNumber) {
  const auto shown = [](std::vector<std::string> flags) {
    const std::string out = ShowTrail(std::move(flags)).out;
    std::string methods;
    for (const char* method : {"M1", "M2", "M3"}) {
      if (out.find(method) != std::string::npos) methods += method;
    }
    return methods;
  };
  EXPECT_EQ(shown({"--group", "1"}), "M1M2");
  EXPECT_EQ(shown({"--caller", "a"}), "M1M3");
  EXPECT_EQ(shown({"--since", "2026-01-03"}), "M2M3");
  EXPECT_EQ(shown({"--since", "2026-01-03T00:00:01Z"}), "M3");
  EXPECT_EQ(shown({"--limit", "1"}), "M3");
  EXPECT_EQ(shown({"--limit", "1", "--group", "1"}), "M2");
}

TEST(MutexctlAudit, PrintsTheLinesThemselvesForPrograms) {
  const auto outcome = ShowTrail({"-o", "json", "--caller", "b"});
  EXPECT_EQ(outcome.out, R"({"event":"write","time":"2026-01-03T00:00:00Z","caller":"b",)"
                         R"("mutex_group_id":"1","method":"M2"})"
                         "\n");
}

TEST(MutexctlAudit, TellsMistakes) {
  EXPECT_EQ(ShowTrail({"--since", "yesterday"}).exit_code, 2);
  EXPECT_EQ(ShowTrail({"--limit", "0"}).exit_code, 2);
  EXPECT_EQ(ShowTrail({"-o", "yaml"}).exit_code, 2);
  const auto outcome = ShowTrail({"/nowhere/audit"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere/audit: No such file"));
}

}  // namespace
}  // namespace mutexgroups::ctl
