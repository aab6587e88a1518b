#include "service/groups/batch_get.h"

#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

class BatchGetTest : public GroupsTest {
 protected:
  // Groups "0", "1", ….
  void Fill(int count) {
    amplitude.groups.clear();
    for (int i = 0; i < count; ++i) amplitude.groups.push_back(GroupWith(absl::StrCat(i), {100}));
  }

  absl::StatusOr<std::shared_ptr<const v1::BatchGetMutexGroupsResponse>> Get(
      const std::vector<std::string>& ids) {
    request.clear_mutex_group_ids();
    for (const std::string& id : ids) request.add_mutex_group_ids(id);
    return Run(BatchGetGroups(gateway, call, request));
  }

  static std::vector<std::string> IdsOf(const v1::BatchGetMutexGroupsResponse& response) {
    std::vector<std::string> ids;
    for (const v1::MutexGroup& group : response.mutex_groups()) ids.push_back(group.id());
    return ids;
  }

  v1::BatchGetMutexGroupsRequest request;
};

TEST_F(BatchGetTest, OneGroupIsGot) {
  Fill(10);
  const auto reply = Get({"3"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(IdsOf(**reply), ElementsAre("3"));
  EXPECT_EQ(amplitude.Count(Operation::kGet), 1u);
  EXPECT_EQ(amplitude.Count(Operation::kList), 0u);
}

TEST_F(BatchGetTest, SeveralOfOnePageAreScanned) {
  Fill(10);
  const auto reply = Get({"9", "0", "5"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(IdsOf(**reply), ElementsAre("9", "0", "5"));
  EXPECT_EQ(amplitude.Count(Operation::kList), 1u);
  EXPECT_EQ(amplitude.Count(Operation::kGet), 0u);
}

TEST_F(BatchGetTest, AnIdAskedTwiceIsAnsweredTwice) {
  Fill(10);
  const auto scanned = Get({"1", "2", "1"});
  ASSERT_TRUE(scanned.ok()) << scanned.status();
  EXPECT_THAT(IdsOf(**scanned), ElementsAre("1", "2", "1"));
  const auto got = Get({"4", "4"});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_THAT(IdsOf(**got), ElementsAre("4", "4"));
  EXPECT_EQ(amplitude.Count(Operation::kGet), 1u);
}

TEST_F(BatchGetTest, FewOfManyPagesAreGotOnceTheLengthOfAScanIsKnown) {
  Fill(3500);
  gateway.pages_of_last_scan = 4;
  const auto reply = Get({"10", "1500", "2500"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(IdsOf(**reply), ElementsAre("10", "1500", "2500"));
  EXPECT_EQ(amplitude.Count(Operation::kList), 0u);
  EXPECT_EQ(amplitude.Count(Operation::kGet), 3u);
}

TEST_F(BatchGetTest, AScanThatReachesTheEndTellsItsLength) {
  Fill(1500);
  EXPECT_FALSE(Get({"a", "b", "c"}).ok());
  EXPECT_EQ(amplitude.Count(Operation::kList), 2u);
  EXPECT_EQ(amplitude.Count(Operation::kGet), 3u);
  EXPECT_EQ(gateway.pages_of_last_scan, 2);
}

TEST_F(BatchGetTest, AScanStopsWhenAllIsFound) {
  Fill(3500);
  ASSERT_TRUE(Get({"0", "1", "1001"}).ok());
  EXPECT_EQ(amplitude.requests.size(), 2u);
}

TEST_F(BatchGetTest, WhatAScanDoesNotShowIsAskedForByItself) {
  Fill(10);
  amplitude.on_request = [this](const fakes::SeenRequest& seen) {
    if (seen.operation != Operation::kGet) return;
    if (amplitude.Find("77") == nullptr) amplitude.groups.push_back(GroupWith("77", {100}));
  };
  const auto reply = Get({"1", "77", "2"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(IdsOf(**reply), ElementsAre("1", "77", "2"));
  EXPECT_EQ(amplitude.Count(Operation::kGet), 1u);
}

TEST_F(BatchGetTest, MissingIdsAreListedAndCounted) {
  Fill(10);
  const auto reply = Get({"1", "b", "2", "a", "b"});
  EXPECT_THAT(reply.status(),
              IsError(StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND));
  EXPECT_EQ(Metadata(reply.status(), "missing_count"), "2");
  EXPECT_EQ(Metadata(reply.status(), "missing_mutex_group_ids"), "b,a");
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("b, a"));
}

TEST_F(BatchGetTest, MissingIdsThatDoNotFitAreCountedOnly) {
  Fill(1);
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(absl::StrCat(std::string(100, 'x'), i));
  const auto reply = Get(ids);
  EXPECT_TRUE(absl::IsNotFound(reply.status()));
  EXPECT_EQ(Metadata(reply.status(), "missing_count"), "100");
  EXPECT_EQ(Metadata(reply.status(), "missing_mutex_group_ids"), ids[0] + "," + ids[1]);
}

TEST_F(BatchGetTest, AnUnreadableGroupIsMalformedEitherWay) {
  Fill(10);
  amplitude.unreadable["3"] = "slots: missing";
  EXPECT_THAT(Get({"3"}).status(),
              IsError(StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY));
  EXPECT_THAT(Get({"2", "3"}).status(),
              IsError(StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY));
  EXPECT_TRUE(Get({"2", "4"}).ok());
}

TEST_F(BatchGetTest, ABatchThatIsTooLargeIsResourceExhausted) {
  Fill(10);
  for (v1::MutexGroup& group : amplitude.groups) group.set_description(std::string(1000, 'd'));
  gateway.options.max_reply_bytes = 4000;
  EXPECT_TRUE(Get({"0", "1", "2"}).ok());
  EXPECT_THAT(Get({"0", "1", "2", "3"}).status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
  // Each time that it is asked for counts.
  EXPECT_THAT(Get({"0", "0", "0", "0"}).status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
}

TEST_F(BatchGetTest, ReadTimeIsThatOfTheOldest) {
  Fill(1500);
  const absl::Time asked = clock.Now();
  amplitude.on_request = [this](const fakes::SeenRequest&) { clock.Advance(absl::Seconds(1)); };
  const auto reply = Get({"1", "2", "1200"});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ((*reply)->read_time().seconds(), absl::ToUnixSeconds(asked));
}

TEST_F(BatchGetTest, AnErrorOfAGetEndsTheBatch) {
  Fill(3500);
  gateway.pages_of_last_scan = 100;
  amplitude.fail_reads = ConnectionLost();
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(absl::StrCat(i));
  EXPECT_THAT(Get(ids).status(),
              IsError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE));
  EXPECT_LE(amplitude.requests.size(), 4u);  // those that were under way
}

TEST_F(BatchGetTest, AFailingScanEndsTheBatch) {
  Fill(10);
  amplitude.NextRead(AnsweredWith(Operation::kList, 401));
  EXPECT_THAT(Get({"1", "2"}).status(),
              IsError(StatusCode::kFailedPrecondition, v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED));
}

TEST_F(BatchGetTest, CancelledWhileGetsAreUnderWay) {
  Fill(3500);
  gateway.pages_of_last_scan = 100;
  for (int i = 0; i < 4; ++i) amplitude.NextReadHangs();
  for (int i = 0; i < 6; ++i) request.add_mutex_group_ids(absl::StrCat(i));
  const auto batch = loop.Start(BatchGetGroups(gateway, call, request));
  ASSERT_EQ(amplitude.hanging(), 4);
  batch->Cancel();
  loop.Poll();
  ASSERT_TRUE(batch->done());
  EXPECT_TRUE(absl::IsCancelled(batch->result().status()));
  EXPECT_EQ(amplitude.requests.size(), 4u);
}

TEST_F(BatchGetTest, ACancellationThatComesJustBeforeTheGetsIsHeard) {
  Fill(10);
  for (int i = 100; i < 104; ++i) request.add_mutex_group_ids(absl::StrCat(i));
  const auto batch = loop.StartLater(BatchGetGroups(gateway, call, request));
  amplitude.on_request = [&](const fakes::SeenRequest&) {
    // The page arrives, and the call is cancelled before the batch has seen it.
    asio::post(loop.loop(), [&] { batch->Cancel(); });
  };
  loop.Poll();
  ASSERT_TRUE(batch->done());
  EXPECT_TRUE(absl::IsCancelled(batch->result().status()));
  EXPECT_EQ(amplitude.Count(Operation::kGet), 0u);
}

TEST(ScanIsCheaper, TakesTheWayThatCostsFewerRequests) {
  EXPECT_FALSE(ScanIsCheaper(0, 0, 0));
  EXPECT_FALSE(ScanIsCheaper(1, 0, 1));
  EXPECT_TRUE(ScanIsCheaper(2, 0, 1));
  EXPECT_FALSE(ScanIsCheaper(2, 0, 2));
  EXPECT_TRUE(ScanIsCheaper(100, 0, 99));
  EXPECT_FALSE(ScanIsCheaper(100, 0, 100));
  // What is left of a scan of a known length.
  EXPECT_TRUE(ScanIsCheaper(3, 8, 10));
  EXPECT_FALSE(ScanIsCheaper(2, 8, 10));
  // Of an unknown length: one page to see, then as long as it has not cost what the gets would.
  EXPECT_TRUE(ScanIsCheaper(2, 0, 0));
  EXPECT_FALSE(ScanIsCheaper(2, 1, 0));
  EXPECT_TRUE(ScanIsCheaper(5, 3, 0));
  EXPECT_FALSE(ScanIsCheaper(5, 4, 0));
  // Longer than it was.
  EXPECT_TRUE(ScanIsCheaper(9, 3, 3));
}

}  // namespace
}  // namespace mutexd::groups
