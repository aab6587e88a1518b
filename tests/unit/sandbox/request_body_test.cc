#include "service/sandbox/request_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace mutexd::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

// A create with these slots.
absl::StatusOr<NewGroup> CreateWithSlots(absl::string_view slots) {
  return ParseCreate(absl::StrCat(R"({"projectId":1,"name":"n","slots":)", slots, "}"));
}

// `count` slots that sum to `total`.
std::string Slots(int count, int total) {
  std::string slots = "[";
  for (int i = 1; i < count; ++i) absl::StrAppend(&slots, R"({"percentage":1},)");
  return absl::StrCat(slots, R"({"percentage":)", total - count + 1, "}]");
}

template <typename T>
std::string ErrorOf(const absl::StatusOr<T>& result) {
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(result.status().message());
}

TEST(CreateBody, TakesTheDocumentedFields) {
  const auto group = ParseCreate(R"({
      "projectId": 5678, "name": "Checkout", "key": "checkout", "description": "d",
      "evaluationMode": "local", "bucketingKey": "device_id", "bucketingSalt": "salt",
      "slots": [{"percentage": 40, "experiments": [1, 2], "holdouts": [3],
                 "individuals": ["a", "b"]}, {"percentage": 60}]})");
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ(group->project_id, 5678);
  EXPECT_EQ(group->name, "Checkout");
  EXPECT_EQ(group->key, "checkout");
  EXPECT_EQ(group->description, "d");
  EXPECT_EQ(group->evaluation_mode, EvaluationMode::kLocal);
  EXPECT_EQ(group->bucketing_key, "device_id");
  EXPECT_EQ(group->bucketing_salt, "salt");
  ASSERT_EQ(group->slots.size(), 2u);
  EXPECT_EQ(group->slots[0].percentage, 40);
  EXPECT_THAT(group->slots[0].experiments, ElementsAre(1, 2));
  EXPECT_THAT(group->slots[0].holdouts, ElementsAre(3));
  EXPECT_THAT(group->slots[0].individuals, ElementsAre("a", "b"));
  EXPECT_TRUE(group->slots[1].experiments.empty());
}

TEST(CreateBody, LeavesAbsentAndNullFieldsToTheirDefaults) {
  const auto group = ParseCreate(R"({"projectId":1,"name":"n","slots":[{"percentage":100}],
                                     "key":null,"description":null,"bucketingSalt":null})");
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ(group->key, std::nullopt);
  EXPECT_EQ(group->description, std::nullopt);
  EXPECT_EQ(group->evaluation_mode, EvaluationMode::kRemote);
  EXPECT_EQ(group->bucketing_key, std::nullopt);
  EXPECT_EQ(group->bucketing_salt, std::nullopt);
}

TEST(CreateBody, RequiresProjectNameAndSlots) {
  EXPECT_EQ(ErrorOf(ParseCreate(R"({"name":"n","slots":[{"percentage":100}]})")),
            "projectId is required");
  EXPECT_EQ(ErrorOf(ParseCreate(R"({"projectId":1,"slots":[{"percentage":100}]})")),
            "name is required");
  EXPECT_EQ(ErrorOf(ParseCreate(R"({"projectId":1,"name":"","slots":[{"percentage":100}]})")),
            "name must not be empty");
  EXPECT_EQ(ErrorOf(ParseCreate(R"({"projectId":1,"name":"n"})")), "slots is required");
}

TEST(CreateBody, TakesOneToTwentySlots) {
  EXPECT_TRUE(CreateWithSlots(Slots(1, 100)).ok());
  EXPECT_TRUE(CreateWithSlots(Slots(20, 100)).ok());
  EXPECT_EQ(ErrorOf(CreateWithSlots(Slots(21, 100))), "slots must be an array of 1 to 20");
  EXPECT_EQ(ErrorOf(CreateWithSlots("[]")), "slots must be an array of 1 to 20");
  EXPECT_EQ(ErrorOf(CreateWithSlots("{}")), "slots must be an array of 1 to 20");
}

TEST(CreateBody, WantsPercentagesThatSumToAHundred) {
  EXPECT_THAT(ErrorOf(CreateWithSlots(Slots(3, 99))), HasSubstr("sum to 100, not 99"));
  EXPECT_THAT(ErrorOf(CreateWithSlots(Slots(3, 101))), HasSubstr("sum to 100, not 101"));
  for (const char* percentage :
       {"0", "-1", "101", "33.5", "\"100\"", "null", "1e400", "true", "99999999999999999999"}) {
    EXPECT_THAT(CreateWithSlots(absl::StrCat(R"([{"percentage":)", percentage, "}]")).ok(), false)
        << percentage;
  }
  EXPECT_EQ(ErrorOf(CreateWithSlots(R"([{"percentage":50},{"percentage":50.5}])")),
            "slots[1].percentage must be an integer");
  EXPECT_EQ(ErrorOf(CreateWithSlots(R"([{"percentage":50},{}])")),
            "slots[1].percentage must be an integer from 1 to 100");
  EXPECT_TRUE(CreateWithSlots(R"([{"percentage":40.0},{"percentage":6e1}])").ok());
}

// The table of the create request says "String array" of experiments and "Number array" of
// individuals, all else says the opposite.
TEST(CreateBody, TakesBothFormsWhereTheDocumentationContradictsItself) {
  const auto group = ParseCreate(R"({"projectId":"5678","name":"n","slots":[
      {"percentage":100,"experiments":["123",4],"holdouts":["5"],"individuals":[42,"a"]}]})");
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ(group->project_id, 5678);
  EXPECT_THAT(group->slots[0].experiments, ElementsAre(123, 4));
  EXPECT_THAT(group->slots[0].holdouts, ElementsAre(5));
  EXPECT_THAT(group->slots[0].individuals, ElementsAre("42", "a"));
}

TEST(CreateBody, RefusesFieldsOfAWrongKind) {
  const auto with = [](absl::string_view field) {
    return ErrorOf(ParseCreate(
        absl::StrCat(R"({"projectId":1,"name":"n","slots":[{"percentage":100}],)", field, "}")));
  };
  EXPECT_EQ(with(R"("key":7)"), "key must be a string");
  EXPECT_EQ(with(R"("key":"")"), "key must not be empty");
  EXPECT_EQ(with(R"("description":[])"), "description must be a string");
  EXPECT_EQ(with(R"("evaluationMode":"REMOTE")"), R"(evaluationMode must be "local" or "remote")");
  EXPECT_EQ(with(R"("bucketingKey":{})"), "bucketingKey must be a string");
  EXPECT_EQ(ErrorOf(ParseCreate(R"({"projectId":-1,"name":"n","slots":[{"percentage":100}]})")),
            "projectId must be a positive integer");
  EXPECT_EQ(ErrorOf(CreateWithSlots(R"([{"percentage":100,"individuals":"a"}])")),
            "slots[0].individuals must be an array of strings");
  EXPECT_EQ(ErrorOf(CreateWithSlots(R"([{"percentage":100,"individuals":[1.5]}])")),
            "slots[0].individuals[0] must be a string");
  EXPECT_EQ(ErrorOf(CreateWithSlots(R"([{"percentage":100,"experiments":[0]}])")),
            "slots[0].experiments[0] must be a positive integer");
}

TEST(CreateBody, IgnoresWhatIsNotDocumented) {
  EXPECT_TRUE(ParseCreate(R"({"projectId":1,"name":"n","unknown":{"a":[1]},"id":"x",
                              "slots":[{"percentage":100,"name":7,"index":9}]})")
                  .ok());
}

TEST(CreateBody, MustBeAJsonObject) {
  EXPECT_THAT(ErrorOf(ParseCreate("")), HasSubstr("invalid JSON"));
  EXPECT_THAT(ErrorOf(ParseCreate("{\"name\":")), HasSubstr("invalid JSON at byte 8"));
  EXPECT_EQ(ErrorOf(ParseCreate("[]")), "a JSON object is expected");
}

TEST(GroupEditBody, TakesAnyOfItsFields) {
  const auto edit = ParseGroupEdit(R"({"name":"N","description":"D","archive":false})");
  ASSERT_TRUE(edit.ok()) << edit.status();
  EXPECT_THAT(edit->name, Optional(std::string("N")));
  EXPECT_THAT(edit->description, Optional(Optional(std::string("D"))));
  EXPECT_THAT(edit->archive, Optional(false));

  const auto nothing = ParseGroupEdit("{}");
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_EQ(nothing->name, std::nullopt);
  EXPECT_EQ(nothing->description, std::nullopt);
  EXPECT_EQ(nothing->archive, std::nullopt);
}

TEST(GroupEditBody, TellsANullDescriptionFromAnAbsentOne) {
  const auto edit = ParseGroupEdit(R"({"description":null})");
  ASSERT_TRUE(edit.ok()) << edit.status();
  ASSERT_TRUE(edit->description.has_value());
  EXPECT_EQ(*edit->description, std::nullopt);
}

TEST(GroupEditBody, DoesNotLookAtOtherFieldsWhenItArchives) {
  const auto edit = ParseGroupEdit(R"({"archive":true,"name":7,"description":[]})");
  ASSERT_TRUE(edit.ok()) << edit.status();
  EXPECT_THAT(edit->archive, Optional(true));
  EXPECT_EQ(edit->name, std::nullopt);
}

TEST(GroupEditBody, RefusesFieldsOfAWrongKind) {
  EXPECT_EQ(ErrorOf(ParseGroupEdit(R"({"name":null})")), "name must be a string");
  EXPECT_EQ(ErrorOf(ParseGroupEdit(R"({"name":""})")), "name must not be empty");
  EXPECT_EQ(ErrorOf(ParseGroupEdit(R"({"description":7})")), "description must be a string");
  EXPECT_EQ(ErrorOf(ParseGroupEdit(R"({"archive":"true"})")), "archive must be true or false");
}

TEST(SlotEditBody, TellsAnEmptyListFromAnAbsentOne) {
  const auto edit = ParseSlotEdit(R"({"experiments":[],"individuals":["a"]})");
  ASSERT_TRUE(edit.ok()) << edit.status();
  ASSERT_TRUE(edit->experiments.has_value());
  EXPECT_TRUE(edit->experiments->empty());
  EXPECT_EQ(edit->holdouts, std::nullopt);
  ASSERT_TRUE(edit->individuals.has_value());
  EXPECT_THAT(*edit->individuals, ElementsAre("a"));
}

TEST(SlotEditBody, RefusesListsOfAWrongKind) {
  EXPECT_EQ(ErrorOf(ParseSlotEdit(R"({"experiments":null})")),
            "experiments must be an array of numbers");
  EXPECT_EQ(ErrorOf(ParseSlotEdit(R"({"holdouts":[1,{}]})")),
            "holdouts[1] must be a positive integer");
  EXPECT_EQ(ErrorOf(ParseSlotEdit(R"({"individuals":[null]})")), "individuals[0] must be a string");
}

}  // namespace
}  // namespace mutexd::sandbox
