#include "service/groups/staleness.h"

#include "service/amplitude/caching_api.h"
#include "service/groups/batch_get.h"
#include "service/groups/get.h"
#include "service/groups/list.h"
#include "service/groups/update.h"
#include "tests/unit/groups/groups_fixture.h"

namespace mutexd::groups {
namespace {

google::protobuf::Duration Seconds(int seconds) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  return duration;
}

TEST(AllowedStaleness, IsWhatTheRequestAsksForUpToTheLimit) {
  const GatewayOptions options{.default_max_staleness = absl::Seconds(30),
                               .max_staleness_limit = absl::Minutes(1)};
  google::protobuf::Duration asked = Seconds(59);
  asked.set_nanos(5);
  EXPECT_EQ(AllowedStaleness(options, &asked), absl::Seconds(59) + absl::Nanoseconds(5));
  asked = Seconds(61);
  EXPECT_EQ(AllowedStaleness(options, &asked), absl::Minutes(1));
  asked = Seconds(0);
  EXPECT_EQ(AllowedStaleness(options, &asked), absl::ZeroDuration());
}

TEST(AllowedStaleness, IsTheDefaultWhenTheRequestDoesNotSay) {
  const GatewayOptions options{.default_max_staleness = absl::Seconds(30)};
  EXPECT_EQ(AllowedStaleness(options, nullptr), absl::Seconds(30));
  EXPECT_EQ(AllowedStaleness({}, nullptr), absl::ZeroDuration());
}

// The use cases over a cache.
class StalenessTest : public GroupsTest {
 protected:
  StalenessTest() {
    for (const char* id : {"1", "2", "3"}) amplitude.groups.push_back(GroupWith(id, {100}));
  }

  // Each RPC has a call of its own.
  std::string NameOf(const std::string& id, int max_staleness) {
    v1::GetMutexGroupRequest request;
    request.set_mutex_group_id(id);
    *request.mutable_max_staleness() = Seconds(max_staleness);
    amplitude::Call one = call;
    const auto reply = Parsed<v1::GetMutexGroupResponse>(Run(GetGroup(cached, one, request)));
    return reply.ok() ? reply->mutex_group().name() : std::string(reply.status().message());
  }
  absl::StatusOr<std::shared_ptr<const v1::BatchGetMutexGroupsResponse>> Batch(
      const std::vector<std::string>& ids, int max_staleness) {
    v1::BatchGetMutexGroupsRequest request;
    for (const std::string& id : ids) request.add_mutex_group_ids(id);
    *request.mutable_max_staleness() = Seconds(max_staleness);
    amplitude::Call one = call;
    return Run(BatchGetGroups(cached, one, request));
  }
  absl::StatusOr<ListedPage> List(const v1::ListMutexGroupsRequest& request) {
    amplitude::Call one = call;
    return Run(ListGroups(cached, one, request, {}));
  }
  absl::Status Rename(const std::string& id, const std::string& name) {
    v1::UpdateMutexGroupRequest request;
    request.mutable_mutex_group()->set_id(id);
    request.mutable_mutex_group()->set_name(name);
    amplitude::Call one = call;
    one.is_write = true;
    return Run(UpdateGroup(cached, one, request)).status();
  }

  amplitude::FixedKey keys{"key"};
  amplitude::OwnWrites own_writes;
  amplitude::PolicyObserver policy_observer;
  amplitude::CachingApi cache{amplitude, clock, keys, own_writes, policy_observer, {}};
  Gateway cached{cache, clock, {}, &observer};
};

TEST_F(StalenessTest, AGetMayBeAsOldAsItsRequestSays) {
  EXPECT_EQ(NameOf("1", 60), "Group 1");
  amplitude.Find("1")->set_name("New");
  clock.Advance(absl::Seconds(60));
  EXPECT_EQ(NameOf("1", 60), "Group 1");
  EXPECT_EQ(NameOf("1", 59), "New");
  EXPECT_EQ(NameOf("1", 0), "New");
}

TEST_F(StalenessTest, AllWhoGetTheSameShareItsBytes) {
  v1::GetMutexGroupRequest request;
  request.set_mutex_group_id("1");
  *request.mutable_max_staleness() = Seconds(60);
  const auto known = [&] {
    amplitude::Call one = call;
    return GetKnownGroup(cached, one, request);
  };
  ASSERT_TRUE(known().ok());
  EXPECT_FALSE(*known());
  const auto read = Run(GetGroup(cached, call, request));
  ASSERT_TRUE(read.ok());
  ASSERT_TRUE(*known());
  EXPECT_EQ(known()->view().data(), read->view().data());
  EXPECT_EQ(Parsed<v1::GetMutexGroupResponse>(*known()).mutex_group().name(), "Group 1");

  clock.Advance(absl::Seconds(61));
  EXPECT_FALSE(*known());
  request.clear_max_staleness();
  EXPECT_FALSE(*known());
}

TEST_F(StalenessTest, OnlyAGetByIdIsKnownAtOnce) {
  EXPECT_EQ(NameOf("2", 60), "Group 2");
  v1::GetMutexGroupRequest by_key;
  by_key.set_key("group-2");
  *by_key.mutable_max_staleness() = Seconds(60);
  const auto known = GetKnownGroup(cached, call, by_key);
  ASSERT_TRUE(known.ok());
  EXPECT_FALSE(*known);
}

TEST_F(StalenessTest, WhatIsKnownMayBeTooLargeToo) {
  EXPECT_EQ(NameOf("3", 60), "Group 3");
  v1::ListMutexGroupsRequest list;
  *list.mutable_max_staleness() = Seconds(60);
  EXPECT_TRUE(List(list).ok());  // its groups have not been told to anybody
  cached.options.max_reply_bytes = 10;
  v1::GetMutexGroupRequest request;
  request.set_mutex_group_id("1");
  *request.mutable_max_staleness() = Seconds(60);
  EXPECT_THAT(GetKnownGroup(cached, call, request).status(),
              IsError(StatusCode::kResourceExhausted, v1::ERROR_REASON_RESPONSE_TOO_LARGE));
}

TEST_F(StalenessTest, AListAndASearchByKeyMayBeOldToo) {
  v1::ListMutexGroupsRequest list;
  *list.mutable_max_staleness() = Seconds(60);
  v1::GetMutexGroupRequest by_key;
  by_key.set_key("group-2");
  *by_key.mutable_max_staleness() = Seconds(60);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(List(list).ok());
    EXPECT_TRUE(Run(GetGroup(cached, call, by_key)).ok());
  }
  EXPECT_EQ(amplitude.Count(Operation::kList), 2u);  // they ask for pages of different sizes
}

TEST_F(StalenessTest, WithoutAWordTheDefaultCounts) {
  const v1::ListMutexGroupsRequest list;
  EXPECT_TRUE(List(list).ok());
  EXPECT_TRUE(List(list).ok());
  EXPECT_EQ(amplitude.Count(Operation::kList), 2u);
  cached.options.default_max_staleness = absl::Seconds(30);
  EXPECT_TRUE(List(list).ok());
  EXPECT_TRUE(List(list).ok());
  EXPECT_EQ(amplitude.Count(Operation::kList), 3u);
}

TEST_F(StalenessTest, AWriteReadsWhatIsThere) {
  cached.options.default_max_staleness = absl::Minutes(5);
  NameOf("1", 60);
  amplitude.Find("1")->set_name("Theirs");
  v1::UpdateMutexGroupRequest request;
  request.mutable_mutex_group()->set_id("1");
  request.mutable_mutex_group()->set_name("Theirs");
  call.is_write = true;
  EXPECT_TRUE(Run(UpdateGroup(cached, call, request)).ok());
  EXPECT_EQ(amplitude.CountWrites(), 0u);  // the group has the name already
}

TEST_F(StalenessTest, AnOwnWriteIsSeenAtOnce) {
  NameOf("1", 600);
  ASSERT_TRUE(Rename("1", "New").ok());
  const std::size_t requests = amplitude.requests.size();
  EXPECT_EQ(NameOf("1", 600), "New");
  EXPECT_EQ(amplitude.requests.size(), requests);  // the write's own read is enough
}

TEST_F(StalenessTest, AnOwnWriteThatBecomesVisibleLateIsSeenFromThenOn) {
  NameOf("1", 600);
  amplitude.NextWrite({.visible_after = 3});
  ASSERT_TRUE(Rename("1", "New").ok());
  EXPECT_EQ(NameOf("1", 600), "New");
}

TEST_F(StalenessTest, ABatchTakesWhatIsKnownAndAsksForTheRest) {
  cached.pages_of_last_scan = 1;
  const absl::Time first_asked = clock.Now();
  NameOf("1", 60);
  NameOf("2", 60);
  clock.Advance(absl::Seconds(30));
  amplitude.requests.clear();
  const auto reply = Batch({"3", "1", "2", "1"}, 60);
  ASSERT_TRUE(reply.ok()) << reply.status();
  // One is missing, which is got; all three would have been scanned for.
  EXPECT_EQ(amplitude.Count(Operation::kGet), 1u);
  EXPECT_EQ(amplitude.Count(Operation::kList), 0u);
  EXPECT_EQ((*reply)->mutex_groups_size(), 4);
  EXPECT_EQ((*reply)->mutex_groups(3).id(), "1");
  EXPECT_EQ((*reply)->read_time().seconds(), absl::ToUnixSeconds(first_asked));
}

TEST_F(StalenessTest, ABatchOfWhatIsKnownCostsNothing) {
  v1::ListMutexGroupsRequest list;
  *list.mutable_max_staleness() = Seconds(60);
  ASSERT_TRUE(List(list).ok());
  amplitude.fail_reads = ConnectionLost();
  EXPECT_TRUE(Batch({"1", "2", "3"}, 60).ok());
  EXPECT_EQ(amplitude.requests.size(), 1u);
  EXPECT_FALSE(Batch({"1", "2", "3"}, 0).ok());
}

}  // namespace
}  // namespace mutexd::groups
