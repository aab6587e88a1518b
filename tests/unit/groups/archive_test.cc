#include "service/groups/archive.h"

#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

using Group = v1::MutexGroup;

class ArchiveTest : public GroupsTest {
 protected:
  ArchiveTest() {
    archive.set_mutex_group_id("7");
    unarchive.set_mutex_group_id("7");
  }

  absl::StatusOr<std::shared_ptr<const v1::ArchiveMutexGroupResponse>> Archive() {
    return Run(ArchiveGroup(gateway, call, archive));
  }
  absl::StatusOr<std::shared_ptr<const v1::UnarchiveMutexGroupResponse>> Unarchive() {
    return Run(UnarchiveGroup(gateway, call, unarchive));
  }

  void Before(Group::State state) { amplitude.Find("7")->set_state(state); }

  // Amplitude's replies do not say `deleted`, whatever is written.
  void NeverSayDeleted() {
    amplitude.on_request = [this](const fakes::SeenRequest&) {
      amplitude.Find("7")->set_state(Group::STATE_UNSPECIFIED);
    };
  }

  v1::ArchiveMutexGroupRequest archive;
  v1::UnarchiveMutexGroupRequest unarchive;
};

TEST_F(ArchiveTest, ArchivesAGroupThatThenSaysSo) {
  Before(Group::STATE_ACTIVE);
  const auto reply = Archive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().state(), Group::STATE_ARCHIVED);
  EXPECT_EQ((*reply)->mutex_group().etag(), EtagOf("7"));
  const amplitude::GroupEdit& edit = amplitude.requests[1].edit;
  EXPECT_EQ(edit.archive, true);
  EXPECT_EQ(edit.name, std::nullopt);
  EXPECT_EQ(edit.description, std::nullopt);
}

TEST_F(ArchiveTest, WhatIsArchivedStaysSoWithoutAWrite) {
  Before(Group::STATE_ARCHIVED);
  const auto reply = Archive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().state(), Group::STATE_ARCHIVED);
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(ArchiveTest, AGroupThatIsGoneAfterAcceptanceIsArchived) {
  amplitude.hides_archived_from_get = true;
  const auto reply = Archive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().state(), Group::STATE_ARCHIVED);
  EXPECT_EQ((*reply)->mutex_group().name(), "Group 7");
  EXPECT_THAT(amplitude.ReadTimes(2), ElementsAre(0));
}

TEST_F(ArchiveTest, AGroupThatDoesNotSayAfterAcceptanceIsArchived) {
  NeverSayDeleted();
  const auto reply = Archive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().state(), Group::STATE_ARCHIVED);
}

TEST_F(ArchiveTest, AGroupThatSaysThatItIsActiveIsReadAgain) {
  Before(Group::STATE_ACTIVE);
  amplitude.NextWrite({.visible_after = 2});
  EXPECT_TRUE(Archive().ok());
  EXPECT_THAT(amplitude.ReadTimes(2), ElementsAre(0, 100, 300));
}

TEST_F(ArchiveTest, AGroupThatNeverSaysThatItIsArchivedIsNotYetVisible) {
  Before(Group::STATE_ACTIVE);
  amplitude.NextWrite({.applied = false});
  EXPECT_THAT(Archive().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
}

TEST_F(ArchiveTest, AfterALostReplyAGroupThatIsGoneSettlesNothing) {
  amplitude.hides_archived_from_get = true;
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_THAT(Archive().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN));
}

TEST_F(ArchiveTest, AfterALostReplyAGroupThatDoesNotSaySettlesNothing) {
  NeverSayDeleted();
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_THAT(Archive().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN));
}

TEST_F(ArchiveTest, AfterALostReplyAGroupThatSaysSoIsArchived) {
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_TRUE(Archive().ok());
}

TEST_F(ArchiveTest, AfterALostReplyAGroupThatStaysActiveIsArchivedAgain) {
  Before(Group::STATE_ACTIVE);
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  EXPECT_TRUE(Archive().ok());
  EXPECT_EQ(amplitude.CountWrites(), 2u);
  EXPECT_EQ(amplitude.Find("7")->state(), Group::STATE_ARCHIVED);
}

TEST_F(ArchiveTest, AMissingGroupIsNotFoundAndNothingIsSent) {
  archive.set_mutex_group_id("8");
  EXPECT_THAT(Archive().status(),
              IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(ArchiveTest, ComparesTheEtagBeforeItWrites) {
  archive.set_etag("v1-00000000000000000000000000000000");
  unarchive.set_etag("v1-00000000000000000000000000000000");
  EXPECT_THAT(Archive().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH));
  EXPECT_THAT(Unarchive().status(), IsError(StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(ArchiveTest, ValidateOnlySendsNothing) {
  archive.set_validate_only(true);
  unarchive.set_validate_only(true);
  const auto archived = Archive();
  ASSERT_TRUE(archived.ok()) << archived.status();
  EXPECT_EQ((*archived)->mutex_group().state(), Group::STATE_ARCHIVED);
  Before(Group::STATE_ARCHIVED);
  const auto unarchived = Unarchive();
  ASSERT_TRUE(unarchived.ok()) << unarchived.status();
  EXPECT_EQ((*unarchived)->mutex_group().state(), Group::STATE_ACTIVE);
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(ArchiveTest, UnarchivesAnArchivedGroup) {
  Before(Group::STATE_ARCHIVED);
  const auto reply = Unarchive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().state(), Group::STATE_ACTIVE);
  EXPECT_EQ(amplitude.requests[1].edit.archive, false);
}

TEST_F(ArchiveTest, UnarchiveSendsItsPatchWhenTheReadBeforeItSaysNotFound) {
  Before(Group::STATE_ARCHIVED);
  amplitude.hides_archived_from_get = true;
  const auto reply = Unarchive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(amplitude.CountWrites(), 1u);
  EXPECT_EQ((*reply)->mutex_group().state(), Group::STATE_ACTIVE);
}

TEST_F(ArchiveTest, UnarchiveOfAHiddenGroupWaitsUntilItShows) {
  Before(Group::STATE_ARCHIVED);
  amplitude.hides_archived_from_get = true;
  amplitude.NextWrite({.visible_after = 2});
  EXPECT_TRUE(Unarchive().ok());
  EXPECT_THAT(amplitude.ReadTimes(2), ElementsAre(0, 100, 300));
}

TEST_F(ArchiveTest, UnarchiveOfAGroupThatNeverShowsIsNotYetVisible) {
  Before(Group::STATE_ARCHIVED);
  amplitude.hides_archived_from_get = true;
  amplitude.NextWrite({.applied = false});
  EXPECT_THAT(Unarchive().status(),
              IsError(StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE));
}

TEST_F(ArchiveTest, UnarchiveOfAHiddenGroupAfterALostReply) {
  Before(Group::STATE_ARCHIVED);
  amplitude.hides_archived_from_get = true;
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true, .applied = false});
  EXPECT_TRUE(Unarchive().ok());
  EXPECT_EQ(amplitude.CountWrites(), 2u);

  Before(Group::STATE_ARCHIVED);
  amplitude.NextWrite({.status = ConnectionLost(), .lost = true});
  EXPECT_TRUE(Unarchive().ok());
  EXPECT_EQ(amplitude.CountWrites(), 3u) << "the group showed that it had taken effect";
}

TEST_F(ArchiveTest, UnarchiveOfAMissingGroupIsNotFound) {
  unarchive.set_mutex_group_id("8");
  EXPECT_THAT(Unarchive().status(),
              IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
  EXPECT_EQ(amplitude.CountWrites(), 1u);
}

TEST_F(ArchiveTest, UnarchiveIsDoneWhenTheGroupDoesNotSayDeleted) {
  NeverSayDeleted();
  const auto reply = Unarchive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->mutex_group().state(), Group::STATE_UNSPECIFIED);
  EXPECT_EQ(amplitude.CountWrites(), 1u);
}

TEST_F(ArchiveTest, UnarchiveOfAnActiveGroupSucceedsWithoutAWrite) {
  Before(Group::STATE_ACTIVE);
  EXPECT_TRUE(Unarchive().ok());
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(ArchiveTest, UnarchiveOfAHiddenGroupCannotCompareAnEtag) {
  Before(Group::STATE_ARCHIVED);
  amplitude.hides_archived_from_get = true;
  unarchive.set_etag(EtagOf("7"));
  for (const bool validate_only : {false, true}) {
    unarchive.set_validate_only(validate_only);
    EXPECT_THAT(Unarchive().status(),
                IsError(StatusCode::kAborted, v1::ERROR_REASON_ETAG_MISMATCH));
  }
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

TEST_F(ArchiveTest, UnarchiveDoesNotWriteWhenTheReadBeforeItFails) {
  amplitude.NextRead(ConnectionLost());
  EXPECT_THAT(Unarchive().status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_EQ(amplitude.CountWrites(), 0u);
}

}  // namespace
}  // namespace mutexd::groups
