#include "service/sandbox/sample_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "service/sandbox/group_json.h"

namespace mutexd::sandbox {
namespace {

using testing::Contains;
using testing::Field;

void ExpectValid(const std::vector<MutexGroup>& groups) {
  std::set<std::int64_t> ids;
  std::set<std::string> keys;
  for (const MutexGroup& group : groups) {
    absl::Status error;
    ReadGroup(*ParseJsonObject(GroupToJson(group)), "group", error);
    EXPECT_TRUE(error.ok()) << group.name << ": " << error;
    EXPECT_TRUE(ids.insert(group.id).second) << group.id;
    EXPECT_TRUE(keys.insert(group.key).second) << group.key;
  }
}

TEST(SampleGroups, FollowTheRulesOfTheApi) { ExpectValid(SampleGroups()); }

TEST(SampleGroups, ShowEveryKindOfGroup) {
  const std::vector<MutexGroup> groups = SampleGroups();
  EXPECT_THAT(groups, Contains(Field(&MutexGroup::deleted, true)));
  EXPECT_THAT(groups, Contains(Field(&MutexGroup::evaluation_mode, EvaluationMode::kLocal)));
  EXPECT_THAT(groups, Contains(Field(&MutexGroup::description, std::nullopt)));
  EXPECT_THAT(groups, Contains(Field(&MutexGroup::name, "Checkout")));
}

TEST(GeneratedGroups, FollowTheRulesOfTheApi) { ExpectValid(GeneratedGroups(500)); }

TEST(GeneratedGroups, AreTheSameEveryTimeAndApartFromTheSamples) {
  const std::vector<MutexGroup> few = GeneratedGroups(3);
  const std::vector<MutexGroup> more = GeneratedGroups(60);
  ASSERT_EQ(more.size(), 60u);
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(GroupToJson(few[i]), GroupToJson(more[i]));
  }
  EXPECT_GT(few.front().id, SampleGroups().back().id);
}

TEST(GeneratedGroups, AreLargeEnoughForAPageToExceedWhatAGrpcClientAccepts) {
  std::size_t smallest = 1'000'000;
  std::size_t largest = 0;
  std::size_t total = 0;
  for (const MutexGroup& group : GeneratedGroups(kMaxListLimit)) {
    const std::size_t size = GroupToJson(group).size();
    smallest = std::min(smallest, size);
    largest = std::max(largest, size);
    total += size;
  }
  EXPECT_LT(smallest, 1'000u);
  EXPECT_GT(largest, 60'000u);
  EXPECT_LT(largest, 120'000u);
  EXPECT_GT(total, 4'500'000u);
}

}  // namespace
}  // namespace mutexd::sandbox
