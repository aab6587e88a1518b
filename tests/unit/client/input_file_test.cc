#include "client/cpp/mutexctl/input_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/document.h"
#include "tests/unit/client/fake_gateway.h"

namespace mutexgroups::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::MutexGroup Parsed(const std::string& text) {
  const auto input = ParseGroup(text, "g.yaml");
  EXPECT_TRUE(input.ok()) << input.status();
  return input.ok() ? input->group : v1::MutexGroup();
}

std::string Problem(const std::string& text) {
  return std::string(ParseGroup(text, "g.yaml").status().message());
}

TEST(InputFile, ReadsAGroupInShortNames) {
  const auto group = Parsed(
      "project: 5678\n"
      "name: Checkout\n"
      "evaluation_mode: local\n"
      "slots:\n"
      "  - percentage: 40%\n"
      "    experiments: [123, '124']\n"
      "    holdouts: 9\n"
      "    individuals: [42, ada@example.com]\n"
      "  - percentage: '60'\n");
  EXPECT_EQ(group.project_id(), 5678);
  EXPECT_EQ(group.name(), "Checkout");
  EXPECT_EQ(group.evaluation_mode(), v1::EVALUATION_MODE_LOCAL);
  ASSERT_EQ(group.slots_size(), 2);
  EXPECT_EQ(group.slots(0).percentage(), 40);
  EXPECT_THAT(group.slots(0).experiment_ids(), ElementsAre(123, 124));
  EXPECT_THAT(group.slots(0).holdout_ids(), ElementsAre(9));
  EXPECT_THAT(group.slots(0).individuals(), ElementsAre("42", "ada@example.com"));
  EXPECT_EQ(group.slots(1).percentage(), 60);
}

TEST(InputFile, ReadsJsonAsOtherProgramsWriteIt) {
  const auto group = Parsed(
      "{\n\t\"projectId\": \"5678\",\n\t\"name\": \"a\\/b \\ud83d\\ude00\",\n"
      "\t\"bucketingKey\": \"device_id\",\n\t\"slots\": [{\"percentage\": 100, "
      "\"experimentIds\": [\"1\"]}]\n}\n");
  EXPECT_EQ(group.project_id(), 5678);
  EXPECT_EQ(group.name(), "a/b 😀");
  EXPECT_EQ(group.bucketing_key(), "device_id");
  EXPECT_THAT(group.slots(0).experiment_ids(), ElementsAre(1));
}

TEST(InputFile, ReadsWhatMutexctlPrints) {
  auto expected = CheckoutGroup();
  expected.set_name("yes: \"#1\"\n😀");
  expected.mutable_slots(1)->add_cohorts("[c]");
  const auto yaml = ToYaml(expected);
  const auto json = ToJson(expected);
  // The state and times are the service's to say.
  expected.clear_state();
  expected.clear_create_time();
  for (const auto& text : {yaml, json}) {
    const auto group = Parsed(text);
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(group, expected))
        << text << group.DebugString();
  }
}

TEST(InputFile, TellsWhichFieldsTheFileHas) {
  const auto input = ParseGroup("name: x\ndescription: ''\nproject: 1\nkey:\n", "g.yaml");
  ASSERT_TRUE(input.ok());
  EXPECT_THAT(input->fields, ElementsAre("description", "key", "name", "project_id"));
}

TEST(InputFile, NamesTheLineAndTheFieldOfEveryMistake) {
  EXPECT_EQ(Problem("name: [a]\n"
                    "projct_id: 5\n"
                    "evaluation_mode: both\n"
                    "slots:\n"
                    "  - percentage: many\n"
                    "    experiments: [1, x]\n"
                    "  - 5\n"),
            "g.yaml:1: name: expected a text, found a list\n"
            "g.yaml:2: projct_id: unknown field; did you mean `project_id`?\n"
            "g.yaml:3: evaluation_mode: expected remote or local, found \"both\"\n"
            "g.yaml:5: slots[0].percentage (slot 1): expected a whole number, found \"many\"\n"
            "g.yaml:6: slots[0].experiments[1] (slot 1): expected an id (a whole number over 0), "
            "found \"x\"\n"
            "g.yaml:7: slots[1] (slot 2): expected a mapping of fields, found \"5\"");
}

TEST(InputFile, RefusesWhatIsNotOneGroup) {
  EXPECT_THAT(Problem(""), HasSubstr("g.yaml:1: the file is empty"));
  EXPECT_THAT(Problem("# nothing\n"), HasSubstr("the file is empty"));
  EXPECT_THAT(Problem("- a\n"), HasSubstr("expected a mapping of fields, found a list"));
  EXPECT_THAT(Problem("name: a\n---\nname: b\n"), HasSubstr("g.yaml:3: one group is expected"));
  EXPECT_THAT(Problem("name: a: b\n"), HasSubstr("g.yaml:1: not YAML: "));
  EXPECT_THAT(Problem("name: [a\n"), HasSubstr("g.yaml:2: not YAML: "));
  EXPECT_THAT(Problem("slots: 5\n"), HasSubstr("g.yaml:1: slots: expected a list of slots"));
}

TEST(InputFile, RefusesRepeatedFieldsAndBadText) {
  EXPECT_THAT(Problem("name: a\nname: b\n"), HasSubstr("g.yaml:2: name: given twice"));
  EXPECT_THAT(Problem("project: 1\nproject_id: 2\n"),
              HasSubstr("g.yaml:2: project_id: given twice"));
  EXPECT_THAT(Problem("name: \xff\n"), HasSubstr("g.yaml:1: name: the text is not UTF-8"));
  EXPECT_THAT(Problem("project: 0\n"), HasSubstr("a whole number over 0"));
  EXPECT_THAT(Problem("project: {a: 1}\n"), HasSubstr("found a mapping"));
  EXPECT_THAT(Problem("\x1b: 1\n"), HasSubstr("\\x1b: unknown field"));
  EXPECT_THAT(Problem("experiment_ids: [1]\n"), HasSubstr("unknown field"));
}

TEST(InputFile, SurvivesHostileNesting) {
  EXPECT_THAT(Problem(std::string(100000, '[')), HasSubstr("not YAML"));
  EXPECT_THAT(Problem("a: &a [1]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"), HasSubstr("unknown field"));
}

TEST(InputFile, ReadsFilesAndStandardInput) {
  const std::string path = absl::StrCat(::testing::TempDir(), "mutexctl-input-", getpid(), ".yaml");
  std::ofstream(path) << "name: from file\n";
  std::istringstream in("name: from input\n");
  EXPECT_EQ(ReadGroupFile(path, in)->group.name(), "from file");
  EXPECT_EQ(ReadGroupFile("-", in)->group.name(), "from input");
}

TEST(InputFile, SaysWhyAFileCannotBeRead) {
  std::istringstream in;
  const auto missing = ReadGroupFile("/does/not/exist.yaml", in);
  EXPECT_EQ(missing.status().message(), "/does/not/exist.yaml: No such file or directory");
  EXPECT_THAT(std::string(ReadGroupFile("/", in).status().message()), HasSubstr("/: "));
  std::istringstream broken(":\n\t-");
  EXPECT_THAT(std::string(ReadGroupFile("-", broken).status().message()),
              HasSubstr("standard input:"));
  std::istringstream large(std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(ReadGroupFile("-", large).status().message(), "standard input: larger than 1 MiB");
}

}  // namespace
}  // namespace mutexgroups::ctl
