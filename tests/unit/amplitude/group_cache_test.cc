#include "service/amplitude/group_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace mutexd::amplitude {
namespace {

using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;

constexpr std::uint64_t kKey = 1;
constexpr std::uint64_t kOtherKey = 2;
constexpr std::uint64_t kPosition = 5;
constexpr std::size_t kMiB = std::size_t{1} << 20;

MonotonicTime At(int seconds) { return MonotonicTime(std::chrono::seconds(1000 + seconds)); }

std::shared_ptr<const FetchedGroup> Group(const std::string& id, int seconds,
                                          const std::string& name = "",
                                          const std::string& etag = "etag") {
  auto fetched = std::make_shared<FetchedGroup>();
  auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&fetched->arena);
  group->set_id(id);
  group->set_name(name);
  group->set_etag(etag);
  fetched->group = group;
  fetched->asked_at = At(seconds);
  fetched->read_time = absl::FromUnixSeconds(seconds);
  return fetched;
}

std::shared_ptr<const FetchedPage> Page(const std::vector<std::string>& ids, int seconds,
                                        const std::string& name = "",
                                        const std::string& etag = "etag") {
  auto page = std::make_shared<FetchedPage>();
  for (const std::string& id : ids) {
    auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&page->arena);
    group->set_id(id);
    group->set_name(name);
    group->set_etag(etag);
    page->entries.push_back({.group = group, .bytes = group->ByteSizeLong()});
  }
  page->asked_at = At(seconds);
  page->read_time = absl::FromUnixSeconds(seconds);
  return page;
}

class GroupCacheTest : public ::testing::Test {
 protected:
  // The name of the group, or "(none)".
  std::string NameOf(const std::string& id, std::uint64_t key = kKey, int since = 0) {
    const auto group = cache.FindGroup(key, id, At(since));
    return group == nullptr ? "(none)" : group->group->name();
  }
  bool IsAbsent(const std::string& id, int since = 0, std::uint64_t position = kPosition) {
    return cache.FindAbsence(kKey, id, At(since), position).has_value();
  }
  void KeepAbsence(const std::string& id, int seconds) {
    cache.KeepAbsence(kKey, id, absl::NotFoundError("gone"), At(seconds), kPosition);
  }
  GroupCache::PagePtr FindPage(int since = 0, std::uint64_t position = kPosition) {
    return cache.FindPage(kKey, query, At(since), position);
  }

  const ListQuery query{.limit = 100, .cursor = "200"};
  GroupCache cache{kMiB};
};

TEST_F(GroupCacheTest, AGroupIsFoundWhileItIsNewEnough) {
  const auto group = Group("7", 10);
  cache.KeepGroup(kKey, group);
  EXPECT_EQ(cache.FindGroup(kKey, "7", At(10)), group);
  EXPECT_THAT(cache.FindGroup(kKey, "7", At(11)), IsNull());
  EXPECT_THAT(cache.FindGroup(kKey, "8", At(10)), IsNull());
}

TEST_F(GroupCacheTest, KeysAreKeptApart) {
  cache.KeepGroup(kKey, Group("7", 10, "mine"));
  cache.KeepGroup(kOtherKey, Group("7", 11, "theirs"));
  cache.KeepPage(kKey, query, Page({"8"}, 10), kPosition);
  EXPECT_EQ(NameOf("7", kKey), "mine");
  EXPECT_EQ(NameOf("7", kOtherKey), "theirs");
  EXPECT_EQ(NameOf("8", kOtherKey), "(none)");
  EXPECT_THAT(cache.FindPage(kOtherKey, query, At(0), kPosition), IsNull());
}

TEST_F(GroupCacheTest, APageIsFoundByLimitAndCursorAtItsPosition) {
  const auto page = Page({"7"}, 10);
  cache.KeepPage(kKey, query, page, kPosition);
  EXPECT_EQ(FindPage(10), page);
  EXPECT_THAT(FindPage(11), IsNull());
  EXPECT_THAT(FindPage(10, kPosition + 1), IsNull());
  const ListQuery other_limit{.limit = 99, .cursor = "200"};
  EXPECT_THAT(cache.FindPage(kKey, other_limit, At(0), kPosition), IsNull());
  const ListQuery other_cursor{.limit = 100, .cursor = "300"};
  EXPECT_THAT(cache.FindPage(kKey, other_cursor, At(0), kPosition), IsNull());
}

TEST_F(GroupCacheTest, APageAnswersForItsGroupsAndLivesAsLongAsTheyDo) {
  cache.KeepPage(kKey, query, Page({"7", "8"}, 10, "paged"), kPosition);
  const auto group = cache.FindGroup(kKey, "8", At(10));
  ASSERT_THAT(group, NotNull());
  cache.Clear();
  EXPECT_EQ(group->group->name(), "paged");
  EXPECT_EQ(group->asked_at, At(10));
  EXPECT_EQ(group->read_time, absl::FromUnixSeconds(10));
}

TEST_F(GroupCacheTest, UnreadableGroupsOfAPageAnswerNothing) {
  auto page = std::make_shared<FetchedPage>();
  auto* unreadable = google::protobuf::Arena::CreateMessage<v1::UnreadableMutexGroup>(&page->arena);
  unreadable->set_mutex_group_id("7");
  page->entries.push_back({.unreadable = unreadable, .bytes = unreadable->ByteSizeLong()});
  page->asked_at = At(20);
  cache.KeepPage(kKey, query, page, kPosition);
  EXPECT_EQ(NameOf("7"), "(none)");
  EXPECT_THAT(FindPage(), NotNull());
  // Nor does what was known before: it is no longer the newest.
  cache.KeepGroup(kKey, Group("7", 30));
  cache.KeepPage(kKey, query, page, kPosition);
  EXPECT_NE(NameOf("7"), "(none)");
  page->asked_at = At(40);
  cache.KeepPage(kKey, query, page, kPosition);
  EXPECT_EQ(NameOf("7"), "(none)");
}

TEST_F(GroupCacheTest, TheNewestKnowledgeOfAnIdCounts) {
  cache.KeepGroup(kKey, Group("7", 10, "at 10"));
  cache.KeepPage(kKey, query, Page({"7", "8"}, 20, "at 20"), kPosition);
  EXPECT_EQ(NameOf("7"), "at 20");
  cache.KeepGroup(kKey, Group("7", 15, "at 15"));
  EXPECT_EQ(NameOf("7"), "at 20");
  cache.KeepGroup(kKey, Group("7", 30, "at 30"));
  EXPECT_EQ(NameOf("7"), "at 30");
  EXPECT_EQ(NameOf("8"), "at 20");
  KeepAbsence("7", 25);
  EXPECT_EQ(NameOf("7"), "at 30");
  KeepAbsence("7", 35);
  EXPECT_EQ(NameOf("7"), "(none)");
  EXPECT_TRUE(IsAbsent("7"));
  cache.KeepGroup(kKey, Group("7", 40, "at 40"));
  EXPECT_FALSE(IsAbsent("7"));
  EXPECT_EQ(NameOf("7"), "at 40");
}

TEST_F(GroupCacheTest, AnOlderPageDoesNotReplaceANewerOne) {
  const auto newer = Page({"7"}, 20, "newer");
  cache.KeepPage(kKey, query, newer, kPosition);
  cache.KeepPage(kKey, query, Page({"7", "8"}, 10, "older"), kPosition);
  EXPECT_EQ(FindPage(), newer);
  EXPECT_EQ(NameOf("8"), "(none)");
}

TEST_F(GroupCacheTest, AGroupThatIsNoLongerOnItsPageIsForgotten) {
  cache.KeepPage(kKey, query, Page({"7", "8"}, 10), kPosition);
  cache.KeepPage(kKey, query, Page({"7"}, 20), kPosition);
  EXPECT_NE(NameOf("7"), "(none)");
  EXPECT_EQ(NameOf("8"), "(none)");
  EXPECT_EQ(cache.entries(), 1u);
}

TEST_F(GroupCacheTest, AGroupTwiceOnAPageIsKnownOnce) {
  cache.KeepPage(kKey, query, Page({"7", "7"}, 10, "twice"), kPosition);
  EXPECT_EQ(NameOf("7"), "twice");
  cache.KeepGroup(kKey, Group("7", 20, "alone"));
  EXPECT_EQ(NameOf("7"), "alone");
}

TEST_F(GroupCacheTest, AnAbsenceCountsAtItsPositionOnly) {
  KeepAbsence("7", 10);
  EXPECT_TRUE(IsAbsent("7", 10));
  EXPECT_FALSE(IsAbsent("7", 11));
  EXPECT_FALSE(IsAbsent("7", 10, kPosition + 1));
  EXPECT_EQ(NameOf("7"), "(none)");
}

// -- own writes

TEST_F(GroupCacheTest, AWriteEndsWhatAllKeysKnowOfTheGroupAndNothingElse) {
  cache.KeepGroup(kKey, Group("7", 10, "mine"));
  cache.KeepPage(kOtherKey, query, Page({"7", "8"}, 10, "theirs"), kPosition);
  cache.Overwrite("7", At(20));
  EXPECT_EQ(NameOf("7", kKey), "(none)");
  EXPECT_EQ(NameOf("7", kOtherKey), "(none)");
  EXPECT_EQ(NameOf("8", kOtherKey), "theirs");
}

TEST_F(GroupCacheTest, WhatLooksAsBeforeTheWriteIsNotKeptForAWhile) {
  cache.KeepGroup(kKey, Group("7", 10, "before", "old"));
  cache.Overwrite("7", At(20));
  cache.KeepGroup(kKey, Group("7", 21, "before", "old"));
  cache.KeepPage(kKey, query, Page({"7"}, 22, "before", "old"), kPosition);
  EXPECT_EQ(NameOf("7"), "(none)");
  EXPECT_THAT(FindPage(), IsNull());
  cache.Overwrite("7", At(23));  // it is still not known to have changed
  cache.KeepGroup(kKey, Group("7", 24, "before", "old"));
  EXPECT_EQ(NameOf("7"), "(none)");
  cache.KeepGroup(kKey, Group("7", 25, "after", "new"));
  EXPECT_EQ(NameOf("7"), "after");
}

TEST_F(GroupCacheTest, WhatStillLooksAsBeforeMuchLaterIsKept) {
  cache.KeepGroup(kKey, Group("7", 10, "before", "old"));
  cache.Overwrite("7", At(20));
  const int much_later = 20 + static_cast<int>(absl::ToInt64Seconds(kWriteShadow));
  cache.KeepGroup(kKey, Group("7", much_later - 1, "before", "old"));
  EXPECT_EQ(NameOf("7"), "(none)");
  cache.KeepGroup(kKey, Group("7", much_later, "before", "old"));
  EXPECT_EQ(NameOf("7"), "before");
}

TEST_F(GroupCacheTest, WhatWasAskedForBeforeTheWriteIsNotKept) {
  cache.KeepGroup(kKey, Group("7", 10, "before", "old"));
  cache.Overwrite("7", At(20));
  cache.KeepGroup(kKey, Group("7", 19, "other", "other"));
  EXPECT_EQ(NameOf("7"), "(none)");
}

TEST_F(GroupCacheTest, AWriteWithoutEffectLeavesNoShadow) {
  cache.KeepGroup(kKey, Group("7", 10, "before", "old"));
  cache.Overwrite("7", At(20));
  cache.EndShadow("7");
  cache.KeepGroup(kKey, Group("7", 21, "before", "old"));
  EXPECT_EQ(NameOf("7"), "before");
}

TEST_F(GroupCacheTest, ForgettingAGroupLeavesTheShadow) {
  cache.KeepGroup(kKey, Group("7", 10, "before", "old"));
  cache.KeepGroup(kOtherKey, Group("8", 10));
  cache.Overwrite("7", At(20));
  cache.KeepGroup(kKey, Group("7", 21, "after", "new"));
  cache.Forget("7");
  EXPECT_EQ(NameOf("7"), "(none)");
  cache.Forget("8");
  EXPECT_EQ(NameOf("8", kOtherKey), "(none)");
  cache.Overwrite("7", At(22));
  EXPECT_EQ(cache.entries(), 0u);
}

// -- size

TEST_F(GroupCacheTest, TheLeastRecentlyUsedGoesFirst) {
  const std::string large(kMiB / 8, 'x');  // which its reply repeats
  for (const char* id : {"1", "2", "3"}) cache.KeepGroup(kKey, Group(id, 10, large));
  EXPECT_EQ(NameOf("1"), large);
  cache.KeepGroup(kKey, Group("4", 10, large));
  EXPECT_EQ(NameOf("2"), "(none)");
  for (const char* id : {"1", "3", "4"}) EXPECT_EQ(NameOf(id), large);
  EXPECT_EQ(cache.entries(), 3u);
}

TEST_F(GroupCacheTest, AGroupOfAPageKeepsThePageInUse) {
  const std::string large(kMiB / 6, 'x');
  cache.KeepPage(kKey, query, Page({"1", "0"}, 10, large), kPosition);
  cache.KeepGroup(kKey, Group("2", 10, large));
  EXPECT_EQ(NameOf("1"), large);
  cache.KeepGroup(kKey, Group("3", 10, large));
  EXPECT_THAT(FindPage(), NotNull());
  EXPECT_EQ(NameOf("2"), "(none)");
}

TEST_F(GroupCacheTest, NeverTakesMoreThanItMay) {
  GroupCache small(64 << 10);
  for (int i = 0; i < 2000; ++i) {
    const std::string id = std::to_string(i);
    const ListQuery page_query{.limit = 10, .cursor = id};
    small.KeepGroup(kKey, Group(id, i, std::string(i % 700, 'x')));
    small.KeepPage(kKey, page_query, Page({id, "a" + id, "b"}, i), kPosition);
    small.KeepAbsence(kKey, "c" + id, absl::NotFoundError("gone"), At(i), kPosition);
    if (i % 7 == 0) small.Overwrite(id, At(i));
    ASSERT_LE(small.bytes(), std::size_t{64} << 10);
  }
  EXPECT_GT(small.entries(), 10u);
  EXPECT_GT(small.bytes(), std::size_t{48} << 10);
}

TEST_F(GroupCacheTest, BytesCoverWhatItHolds) {
  const std::string text(100'000, 'x');
  cache.KeepGroup(kKey, Group("7", 10, text));
  const std::size_t with_group = cache.bytes();
  EXPECT_GT(with_group, 2 * text.size());  // the group, and its reply
  EXPECT_LT(with_group, 2 * text.size() + 4096);
  cache.KeepPage(kKey, query, Page({"8", "9"}, 10, text), kPosition);
  EXPECT_GT(cache.bytes() - with_group, 2 * text.size());
}

TEST_F(GroupCacheTest, WhatIsTooLargeAloneIsNotKeptAndCostsNobodyElse) {
  cache.KeepGroup(kKey, Group("1", 10));
  cache.KeepGroup(kKey, Group("2", 10, std::string(kMiB, 'x')));
  cache.KeepPage(kKey, query, Page({"3"}, 10, std::string(kMiB, 'x')), kPosition);
  EXPECT_EQ(NameOf("2"), "(none)");
  EXPECT_EQ(NameOf("3"), "(none)");
  EXPECT_EQ(NameOf("1"), "");
  EXPECT_EQ(cache.entries(), 1u);
}

TEST_F(GroupCacheTest, WithoutBytesNothingIsKept) {
  GroupCache none(0);
  none.KeepGroup(kKey, Group("7", 10));
  none.KeepAbsence(kKey, "8", absl::NotFoundError(""), At(10), kPosition);
  none.KeepPage(kKey, query, Page({}, 10), kPosition);
  EXPECT_EQ(none.entries(), 0u);
  EXPECT_EQ(none.bytes(), 0u);
}

TEST_F(GroupCacheTest, TheOldCanBeDropped) {
  cache.KeepGroup(kKey, Group("1", 10));
  cache.KeepPage(kKey, query, Page({"2", "3"}, 11), kPosition);
  cache.KeepGroup(kKey, Group("4", 20));
  cache.DropOlderThan(At(20));
  EXPECT_EQ(cache.entries(), 1u);
  EXPECT_EQ(NameOf("4"), "");
}

TEST_F(GroupCacheTest, WhatIsGoneTakesNoBytes) {
  cache.KeepGroup(kKey, Group("1", 10));
  cache.KeepPage(kKey, query, Page({"1", "2"}, 11), kPosition);
  KeepAbsence("3", 10);
  cache.Overwrite("2", At(12));
  cache.DropOlderThan(At(100));
  EXPECT_EQ(cache.entries(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
  cache.KeepGroup(kKey, Group("1", 10));
  cache.Clear();
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_EQ(NameOf("1"), "(none)");
}

}  // namespace
}  // namespace mutexd::amplitude
