#include "service/groups/field_masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::groups {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

google::protobuf::FieldMask Mask(const std::vector<std::string>& paths) {
  google::protobuf::FieldMask mask;
  for (const std::string& path : paths) mask.add_paths(path);
  return mask;
}

struct GroupRead {
  GroupMask mask;
  std::vector<amplitude::FieldViolation> violations;
};

GroupRead ReadGroup(const std::vector<std::string>& paths, const v1::MutexGroup& group = {}) {
  GroupRead read;
  read.mask = ReadGroupMask(Mask(paths), group, read.violations);
  return read;
}

struct SlotRead {
  SlotMask mask;
  std::vector<amplitude::FieldViolation> violations;
};

SlotRead ReadSlot(const std::vector<std::string>& paths) {
  SlotRead read;
  read.mask = ReadSlotMask(Mask(paths), read.violations);
  return read;
}

TEST(FieldMasks, NameTheFieldsOfAGroup) {
  EXPECT_TRUE(ReadGroup({"name"}).mask.name);
  EXPECT_FALSE(ReadGroup({"name"}).mask.description);
  EXPECT_TRUE(ReadGroup({"description"}).mask.description);
  EXPECT_TRUE(ReadGroup({"name", "description", "name"}).mask.name);
}

TEST(FieldMasks, StarMeansAllThatCanChange) {
  const GroupRead group = ReadGroup({"*"});
  EXPECT_TRUE(group.mask.name && group.mask.description);
  EXPECT_THAT(group.violations, IsEmpty());
  const SlotRead slot = ReadSlot({"*"});
  EXPECT_TRUE(slot.mask.experiment_ids && slot.mask.holdout_ids && slot.mask.individuals);
  EXPECT_THAT(slot.violations, IsEmpty());
}

TEST(FieldMasks, SnakeCaseAndLowerCamelCaseAreTheSame) {
  for (const std::string path : {"experiment_ids", "experimentIds"}) {
    const SlotRead read = ReadSlot({path});
    EXPECT_TRUE(read.mask.experiment_ids) << path;
    EXPECT_FALSE(read.mask.holdout_ids) << path;
    EXPECT_THAT(read.violations, IsEmpty()) << path;
  }
  EXPECT_TRUE(ReadSlot({"holdoutIds"}).mask.holdout_ids);
  EXPECT_TRUE(ReadSlot({"individuals"}).mask.individuals);
}

TEST(FieldMasks, AnEmptyMaskOfAGroupMeansTheFieldsThatAreSet) {
  v1::MutexGroup group;
  group.set_description("d");
  const GroupRead read = ReadGroup({}, group);
  EXPECT_FALSE(read.mask.name);
  EXPECT_TRUE(read.mask.description);
  EXPECT_THAT(read.violations, IsEmpty());
}

TEST(FieldMasks, NothingToChangeIsAViolation) {
  const GroupRead read = ReadGroup({});
  ASSERT_THAT(read.violations, SizeIs(1));
  EXPECT_EQ(read.violations[0].field, "update_mask");
  EXPECT_THAT(read.violations[0].description, HasSubstr("nothing to change"));
}

TEST(FieldMasks, SlotsWithoutAMaskPointToUpdateSlot) {
  v1::MutexGroup group;
  group.add_slots();
  const GroupRead read = ReadGroup({}, group);
  ASSERT_THAT(read.violations, SizeIs(1));
  EXPECT_THAT(read.violations[0].description, HasSubstr("UpdateSlot"));
}

TEST(FieldMasks, AnEmptyMaskOfASlotIsAViolation) {
  const SlotRead read = ReadSlot({});
  ASSERT_THAT(read.violations, SizeIs(1));
  EXPECT_EQ(read.violations[0].field, "update_mask");
}

TEST(FieldMasks, EachPathThatCannotChangeIsAViolationThatSaysWhy) {
  const std::vector<std::pair<std::string, std::string>> whys = {
      {"id", "addresses the group"},
      {"key", "cannot change after creation"},
      {"projectId", "cannot change after creation"},
      {"project_id", "cannot change after creation"},
      {"evaluation_mode", "cannot change after creation"},
      {"bucketing_key", "cannot change after creation"},
      {"bucketing_salt", "cannot change after creation"},
      {"slots", "UpdateSlot"},
      {"slots.percentage", "UpdateSlot"},
      {"state", "ArchiveMutexGroup"},
      {"create_time", "set by Amplitude"},
      {"updatedBy", "set by Amplitude"},
      {"etag", "request's own etag"},
      {"nme", "is not a field"},
      {"Name", "is not a field"},
      {"name.first", "is not a field"},
      {"", "is not a field"},
  };
  std::vector<std::string> paths;
  for (const auto& [path, why] : whys) paths.push_back(path);
  const GroupRead read = ReadGroup(paths);
  ASSERT_THAT(read.violations, SizeIs(whys.size()));
  for (std::size_t i = 0; i < whys.size(); ++i) {
    EXPECT_EQ(read.violations[i].field, "update_mask.paths[" + std::to_string(i) + "]");
    EXPECT_THAT(read.violations[i].description, HasSubstr("'" + whys[i].first + "'"));
    EXPECT_THAT(read.violations[i].description, HasSubstr(whys[i].second));
  }
}

TEST(FieldMasks, PathsOfASlotThatCannotChangeAreViolations) {
  for (const std::string path :
       {"index", "name", "variant_key", "variantKey", "percentage", "cohorts", "slot", "ids"}) {
    EXPECT_THAT(ReadSlot({path}).violations, SizeIs(1)) << path;
  }
}

// A field that the API gains must be thought of here.
TEST(FieldMasks, EveryFieldOfTheMessagesIsKnown) {
  const auto* group = v1::MutexGroup::descriptor();
  for (int i = 0; i < group->field_count(); ++i) {
    const GroupRead read = ReadGroup({group->field(i)->name()});
    for (const auto& violation : read.violations) {
      EXPECT_THAT(violation.description, ::testing::Not(HasSubstr("is not a field")));
    }
  }
  const auto* slot = v1::Slot::descriptor();
  for (int i = 0; i < slot->field_count(); ++i) {
    const SlotRead read = ReadSlot({slot->field(i)->name()});
    for (const auto& violation : read.violations) {
      EXPECT_THAT(violation.description, ::testing::Not(HasSubstr("is not a field")));
    }
  }
}

}  // namespace
}  // namespace mutexd::groups
