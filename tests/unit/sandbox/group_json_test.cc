#include "service/sandbox/group_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/sandbox/sample_groups.h"

namespace mutexd::sandbox {
namespace {

using testing::HasSubstr;

MutexGroup Read(const std::string& json, absl::Status& error) {
  const auto document = ParseJsonObject(json);
  EXPECT_TRUE(document.ok()) << document.status();
  return ReadGroup(*document, "group", error);
}

std::string ReadError(const std::string& json) {
  absl::Status error;
  Read(json, error);
  return std::string(error.message());
}

TEST(GroupJson, IsWhatAmplitudeDocuments) {
  MutexGroup group;
  group.id = 1234;
  group.project_id = 5678;
  group.name = "Checkout";
  group.key = "checkout";
  group.bucketing_salt = "aBcD1234";
  group.slots = {
      {.percentage = 40, .experiments = {123}, .holdouts = {456}, .individuals = {"x@example.com"}},
      {.percentage = 60}};
  group.created_by = "a@example.com";
  group.last_modified_by = "b@example.com";
  group.created_at = absl::FromUnixMillis(1'700'000'000'123);
  group.last_modified_at = absl::FromUnixMillis(1'700'000'001'000);
  EXPECT_EQ(
      GroupToJson(group),
      R"({"id":1234,"projectId":5678,"name":"Checkout","key":"checkout","description":null,)"
      R"("evaluationMode":"remote","bucketingKey":"amplitude_id","bucketingSalt":"aBcD1234",)"
      R"("slots":[{"name":"SLOT 1","index":1,"variantKey":"slot-1","percentage":40,)"
      R"("experiments":[123],"holdouts":[456],"individuals":["x@example.com"],"cohorts":[]},)"
      R"({"name":"SLOT 2","index":2,"variantKey":"slot-2","percentage":60,)"
      R"("experiments":[],"holdouts":[],"individuals":[],"cohorts":[]}],)"
      R"("deleted":false,"createdBy":"a@example.com","lastModifiedBy":"b@example.com",)"
      R"("createdAt":"2023-11-14T22:13:20.123Z","lastModifiedAt":"2023-11-14T22:13:21.000Z"})");
}

TEST(GroupJson, KeepsEverythingThroughWritingAndReading) {
  for (const MutexGroup& group : SampleGroups()) {
    absl::Status error;
    const MutexGroup read = Read(GroupToJson(group), error);
    EXPECT_TRUE(error.ok()) << error;
    EXPECT_EQ(GroupToJson(read), GroupToJson(group));
  }
}

TEST(GroupJson, KeepsTextsOfAnyKind) {
  MutexGroup group = SampleGroups().front();
  group.name = "Grüße \"quoted\" \\ \n\t";
  group.slots[0].individuals = {std::string("nul\0inside", 10), "日本"};
  absl::Status error;
  const MutexGroup read = Read(GroupToJson(group), error);
  EXPECT_TRUE(error.ok()) << error;
  EXPECT_EQ(read.name, group.name);
  EXPECT_EQ(read.slots[0].individuals, group.slots[0].individuals);
}

TEST(GroupJson, NeedsLittleInAHandWrittenGroup) {
  absl::Status error;
  const MutexGroup group =
      Read(R"({"id":1,"projectId":2,"key":"k","name":"n","slots":[{"percentage":100}]})", error);
  EXPECT_TRUE(error.ok()) << error;
  EXPECT_EQ(group.bucketing_key, "amplitude_id");
  EXPECT_EQ(group.evaluation_mode, EvaluationMode::kRemote);
  EXPECT_FALSE(group.deleted);
}

TEST(GroupJson, NamesThePathOfAnOffence) {
  EXPECT_EQ(ReadError(R"({"projectId":2,"key":"k","name":"n","slots":[{"percentage":100}]})"),
            "group.id is required");
  EXPECT_EQ(ReadError(R"({"id":1,"projectId":2,"key":"k","name":"n","slots":[
                {"percentage":50},{"percentage":50,"experiments":[1,"x"]}]})"),
            "group.slots[1].experiments[1] must be a positive integer");
  EXPECT_EQ(ReadError(R"({"id":1,"projectId":2,"key":"k","name":"n","slots":[7]})"),
            "group.slots[0] must be an object");
  EXPECT_THAT(ReadError(R"({"id":1,"projectId":2,"key":"k","name":"n",
                "slots":[{"percentage":100}],"createdAt":"yesterday"})"),
              HasSubstr("group.createdAt must be a time"));
}

TEST(ParseJsonObject, SurvivesHostileTexts) {
  EXPECT_FALSE(ParseJsonObject("").ok());
  EXPECT_FALSE(ParseJsonObject("[]").ok());
  EXPECT_FALSE(ParseJsonObject("{\"a\":").ok());
  EXPECT_FALSE(ParseJsonObject("{} {}").ok());
  EXPECT_FALSE(ParseJsonObject("{\"a\":\"\xff\"}").ok());
  EXPECT_FALSE(ParseJsonObject(std::string("{\"a\":") + std::string(100'000, '[')).ok());
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_TRUE(ParseJsonObject(deep).ok());
}

}  // namespace
}  // namespace mutexd::sandbox
