#include "service/groups/get.h"

#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

class GetTest : public GroupsTest {
 protected:
  absl::StatusOr<v1::GetMutexGroupResponse> Get() {
    return Parsed<v1::GetMutexGroupResponse>(Run(GetGroup(gateway, call, request)));
  }

  v1::GetMutexGroupRequest request;
};

TEST_F(GetTest, ReadsOneGroupById) {
  request.set_mutex_group_id("7");
  const absl::Time asked = clock.Now();
  const auto reply = Get();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->mutex_group().key(), "group-7");
  EXPECT_EQ(reply->mutex_group().etag(), EtagOf("7"));
  EXPECT_EQ(reply->read_time().seconds(), absl::ToUnixSeconds(asked));
  EXPECT_THAT(amplitude.requests, SizeIs(1));
}

TEST_F(GetTest, AMissingGroupIsNotFound) {
  request.set_mutex_group_id("8");
  EXPECT_THAT(Get().status(),
              IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
}

TEST_F(GetTest, AnUnreadableGroupIsMalformedOnItsOwn) {
  amplitude.unreadable["7"] = "slots: missing";
  request.set_mutex_group_id("7");
  EXPECT_THAT(Get().status(),
              IsError(StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY));
}

TEST_F(GetTest, AGroupThatIsTooLargeIsResourceExhausted) {
  amplitude.Find("7")->set_description(std::string(5000, 'd'));
  gateway.options.max_reply_bytes = 4000;
  request.set_mutex_group_id("7");
  const auto reply = Get();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
  EXPECT_EQ(Metadata(reply.status(), "accepted_by_amplitude"), "(none)");
}

TEST_F(GetTest, ScansForAKeyAndStopsWhereItIsFound) {
  for (int i = 0; i < 2500; ++i) {
    amplitude.groups.push_back(GroupWith(absl::StrCat(1000 + i), {100}));
  }
  request.set_key("group-2100");
  const auto reply = Get();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->mutex_group().id(), "2100");
  EXPECT_EQ(amplitude.Count(Operation::kList), 2u);
  EXPECT_EQ(amplitude.requests[0].query.limit, 1000);
}

TEST_F(GetTest, FindsArchivedGroupsByKey) {
  amplitude.Find("7")->set_state(v1::MutexGroup::STATE_ARCHIVED);
  request.set_key("group-7");
  EXPECT_TRUE(Get().ok());
}

TEST_F(GetTest, AKeyThatNoGroupHasIsNotFound) {
  request.set_key("nobody");
  const auto reply = Get();
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("'nobody'"));
}

TEST_F(GetTest, AKeyThatMayBelongToAnUnreadableGroupSaysSo) {
  amplitude.unreadable["7"] = "slots: missing";
  request.set_key("group-7");
  const auto reply = Get();
  EXPECT_TRUE(absl::IsNotFound(reply.status()));
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("1 groups could not be read"));
}

TEST_F(GetTest, AKeyIsFoundOnAPageWhoseCursorDoesNotAdvance) {
  amplitude.change_cursor = [](const std::string&) { return "0"; };
  request.set_key("group-7");
  EXPECT_TRUE(Get().ok());
  request.set_key("nobody");
  EXPECT_THAT(Get().status(),
              IsError(StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY));
}

TEST_F(GetTest, AFailingScanIsTheAnswer) {
  amplitude.NextRead(AnsweredWith(Operation::kList, 429));
  request.set_key("group-7");
  EXPECT_THAT(Get().status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED));
}

}  // namespace
}  // namespace mutexd::groups
