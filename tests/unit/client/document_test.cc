#include "client/cpp/mutexctl/document.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <yaml-cpp/yaml.h>

#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "tests/unit/client/fake_gateway.h"

namespace mutexgroups::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCheckoutYaml[] =
    "id: \"1234\"\n"
    "project_id: \"5678\"\n"
    "key: checkout\n"
    "name: Checkout\n"
    "description: Experiments on the way to paying\n"
    "evaluation_mode: EVALUATION_MODE_REMOTE\n"
    "bucketing_key: amplitude_id\n"
    "bucketing_salt: aBcD1234\n"
    "slots:\n"
    "  - index: 1\n"
    "    name: SLOT 1\n"
    "    variant_key: slot-1\n"
    "    percentage: 40\n"
    "    experiment_ids: [\"123\", \"124\"]\n"
    "    individuals: [\"ada@example.com\"]\n"
    "  - index: 2\n"
    "    name: SLOT 2\n"
    "    variant_key: slot-2\n"
    "    percentage: 60\n"
    "state: STATE_ACTIVE\n"
    "create_time: \"2026-01-01T00:00:00Z\"\n"
    "etag: v1-c65d29d8\n";

TEST(Document, WritesYamlInBlocks) { EXPECT_EQ(ToYaml(CheckoutGroup()), kCheckoutYaml); }

TEST(Document, WritesJsonWithTheFieldNamesOfTheApi) {
  v1::MutexGroup group;
  group.set_id("1");
  group.add_slots()->add_experiment_ids(7);
  EXPECT_EQ(ToJson(group),
            "{\n"
            "  \"id\": \"1\",\n"
            "  \"slots\": [\n"
            "    {\n"
            "      \"experiment_ids\": [\n"
            "        \"7\"\n"
            "      ]\n"
            "    }\n"
            "  ]\n"
            "}\n");
}

TEST(Document, WritesEmptyMessages) {
  EXPECT_EQ(ToJson(v1::MutexGroup()), "{}\n");
  EXPECT_EQ(ToYaml(v1::MutexGroup()), "{}\n");
  v1::MutexGroup group;
  group.add_slots();
  group.add_slots()->set_percentage(5);
  EXPECT_EQ(ToYaml(group), "slots:\n  - {}\n  - percentage: 5\n");
}

// Texts that YAML or a terminal could take for something else.
const std::string kHardTexts[] = {
    "",     "yes",      "null",   "1234", "0x10",       "1e3",  "- x",    "a: b", "a #b",
    "{a}",  "[a",       "*a",     "&a",   "!a",         "'",    "\"",     "\\",   "a\nb\tc",
    "\x7f", "\u0085",   "\u202e", " a ",  "2026-01-01", "true", "~",      "a,b",  "😀\U000e0041",
    "é",    "\x1b[31m", "---",    "%x",   "@a",         "`a",   "\ufeff", "\r\n"};

TEST(Document, WritesTextsThatYamlReadsBackUnchanged) {
  for (const auto& text : kHardTexts) {
    v1::MutexGroup group;
    group.set_name("n");
    group.set_description(text);
    group.add_slots()->add_individuals(text);
    const auto yaml = ToYaml(group);
    const auto tree = YAML::Load(JoinSurrogates(yaml));
    EXPECT_EQ(tree["slots"][0]["individuals"][0].Scalar(), text) << yaml;
    if (!text.empty()) {  // an empty field is left out
      EXPECT_EQ(tree["description"].Scalar(), text) << yaml;
    }
  }
}

TEST(Document, WritesJsonThatIsReadBackUnchanged) {
  for (const auto& text : kHardTexts) {
    v1::MutexGroup group;
    group.set_description(text);
    v1::MutexGroup read;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(ToJson(group), &read).ok());
    EXPECT_EQ(read.description(), text);
  }
}

TEST(Document, LeavesNoControlCharactersInItsText) {
  for (const auto& text : kHardTexts) {
    v1::MutexGroup group;
    group.set_description(text);
    for (const auto& document : {ToJson(group), ToYaml(group)}) {
      for (const char* control : {"\x1b", "\x7f", "\r", "\t", "\u0085", "\u202e", "\ufeff"}) {
        EXPECT_THAT(document, Not(HasSubstr(control)));
      }
    }
  }
}

TEST(Document, JoinsSurrogatesOnly) {
  EXPECT_EQ(JoinSurrogates("a\\ud83d\\ude00b"), "a😀b");
  EXPECT_EQ(JoinSurrogates("\\ud83d"), "\\ud83d");
  EXPECT_EQ(JoinSurrogates("\\ude00\\ud83d"), "\\ude00\\ud83d");
  EXPECT_EQ(JoinSurrogates("\\\\ud83d\\ude00"), "\\\\ud83d\\ude00");
  EXPECT_EQ(JoinSurrogates("\\u00e9 \\n \\"), "\\u00e9 \\n \\");
}

}  // namespace
}  // namespace mutexgroups::ctl
