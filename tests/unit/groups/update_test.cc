#include "service/groups/update.h"

#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

class UpdateGroupTest : public GroupsTest {
 protected:
  UpdateGroupTest() {
    request.mutable_mutex_group()->set_id("7");
    request.mutable_mutex_group()->set_name("New name");
  }

  absl::StatusOr<std::shared_ptr<const v1::UpdateMutexGroupResponse>> Update() {
    return Run(UpdateGroup(gateway, call, request));
  }

  v1::UpdateMutexGroupRequest request;
};

TEST_F(UpdateGroupTest, ReadsWritesAndReadsAgain) {
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().name(), "New name");
  EXPECT_EQ((*reply)->mutex_group().etag(), EtagOf("7"));
  ASSERT_THAT(amplitude.requests, SizeIs(3));
  EXPECT_EQ(amplitude.requests[0].operation, Operation::kGet);
  EXPECT_EQ(amplitude.requests[1].operation, Operation::kEdit);
  EXPECT_EQ(amplitude.requests[2].operation, Operation::kGet);
  const amplitude::GroupEdit& edit = amplitude.requests[1].edit;
  EXPECT_EQ(edit.name, "New name");
  EXPECT_EQ(edit.description, std::nullopt);
  EXPECT_EQ(edit.archive, std::nullopt);
}

TEST_F(UpdateGroupTest, SendsOnlyWhatTheMaskNamesAndEmptiesADescription) {
  amplitude.Find("7")->set_description("old");
  request.mutable_update_mask()->add_paths("description");
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().name(), "Group 7");
  EXPECT_EQ((*reply)->mutex_group().description(), "");
  EXPECT_EQ(amplitude.requests[1].edit.name, std::nullopt);
  EXPECT_EQ(amplitude.requests[1].edit.description, "");
}

TEST_F(UpdateGroupTest, StarMeansBothTexts) {
  request.mutable_update_mask()->add_paths("*");
  request.mutable_mutex_group()->set_description("text");
  ASSERT_TRUE(Update().ok());
  EXPECT_EQ(amplitude.requests[1].edit.name, "New name");
  EXPECT_EQ(amplitude.requests[1].edit.description, "text");
}

TEST_F(UpdateGroupTest, SendsNothingWhenNothingChanges) {
  request.mutable_mutex_group()->set_name("Group 7");
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(amplitude.CountWrites(), 0u);
  EXPECT_FALSE(call.write_sent);
}

TEST_F(UpdateGroupTest, ValidateOnlyAnswersWithTheGroupAsItWouldBeAndSendsNothing) {
  request.set_validate_only(true);
  const auto reply = Update();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().name(), "New name");
  EXPECT_EQ(amplitude.CountWrites(), 0u);
  EXPECT_EQ(amplitude.Find("7")->name(), "Group 7");
  // The etag is the one that the group would have.
  amplitude.Find("7")->set_name("New name");
  EXPECT_EQ((*reply)->mutex_group().etag(), EtagOf("7"));
}

TEST_F(UpdateGroupTest, ComparesTheEtagBeforeItWrites) {
  request.set_etag("v1-00000000000000000000000000000000");
  const auto reply = Update();
  EXPECT_THAT(reply.status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH));
  EXPECT_EQ(Metadata(reply.status(), "current_etag"), EtagOf("7"));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(UpdateGroupTest, ValidateOnlyComparesTheEtagToo) {
  request.set_etag("v1-00000000000000000000000000000000");
  request.set_validate_only(true);
  EXPECT_THAT(Update().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH));
}

TEST_F(UpdateGroupTest, WritesWithTheRightEtag) {
  request.set_etag(EtagOf("7"));
  EXPECT_TRUE(Update().ok());
}

TEST_F(UpdateGroupTest, NamesAllImmutableFieldsThatDiffer) {
  v1::MutexGroup& asked = *request.mutable_mutex_group();
  asked.set_project_id(2);
  asked.set_key("other");
  asked.set_evaluation_mode(v1::EVALUATION_MODE_LOCAL);
  asked.set_bucketing_key("device_id");
  asked.set_bucketing_salt("pepper");
  asked.add_slots()->set_percentage(100);
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST));
  const auto bad = amplitude::DetailOf<google::rpc::BadRequest>(reply.status());
  ASSERT_TRUE(bad.has_value());
  std::vector<std::string> fields;
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, ElementsAre("mutex_group.project_id", "mutex_group.key",
                                  "mutex_group.evaluation_mode", "mutex_group.bucketing_key",
                                  "mutex_group.bucketing_salt", "mutex_group.slots"));
  EXPECT_THAT(bad->field_violations(5).description(), HasSubstr("UpdateSlot"));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(UpdateGroupTest, TakesImmutableFieldsThatAreAsAmplitudeHoldsThem) {
  *request.mutable_mutex_group() = *amplitude.Find("7");
  request.mutable_mutex_group()->set_name("New name");
  // Output-only fields are ignored, and members are sets.
  request.mutable_mutex_group()->set_created_by("nobody");
  request.mutable_mutex_group()->set_state(v1::MutexGroup::STATE_ARCHIVED);
  request.mutable_mutex_group()->mutable_slots(0)->set_name("another");
  EXPECT_TRUE(Update().ok());
}

TEST_F(UpdateGroupTest, RefusesSlotsInAnotherOrder) {
  *request.mutable_mutex_group() = *amplitude.Find("7");
  request.mutable_mutex_group()->set_name("New name");
  request.mutable_mutex_group()->mutable_slots()->SwapElements(0, 1);
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST));
}

TEST_F(UpdateGroupTest, MissingGroupIsNotFoundAndNothingIsSent) {
  request.mutable_mutex_group()->set_id("8");
  EXPECT_THAT(Update().status(),
              IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(UpdateGroupTest, TooLargeAReplySaysThatTheWriteWasMade) {
  gateway.options.max_reply_bytes = 100;
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "true");
  EXPECT_EQ(amplitude.Find("7")->name(), "New name");
}

TEST_F(UpdateGroupTest, TooLargeAReplyWithoutAWriteDoesNotSaySo) {
  gateway.options.max_reply_bytes = 100;
  request.set_validate_only(true);
  const auto reply = Update();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "(none)");
}

}  // namespace
}  // namespace mutexd::groups
