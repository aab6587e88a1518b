#include "service/rpc/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace mutexd::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Fields(const Violations& violations) {
  std::vector<std::string> fields;
  for (const auto& violation : violations) fields.push_back(violation.field);
  return fields;
}

MATCHER_P2(Violates, field, text, "") {
  return arg.field == field && arg.description.find(text) != std::string::npos;
}

// Has a control character of each kind in turn.
const std::vector<std::string> kControlled = {std::string("a\0b", 3), "a\x01", "a\x1f", "\x7f",
                                              "a\xc2\x85"};

v1::CreateMutexGroupRequest ValidCreate() {
  v1::CreateMutexGroupRequest request;
  v1::MutexGroup& group = *request.mutable_mutex_group();
  group.set_project_id(1);
  group.set_name("Checkout");
  group.add_slots()->set_percentage(60);
  group.add_slots()->set_percentage(40);
  return request;
}

v1::Slot& SlotOf(v1::CreateMutexGroupRequest& request, int i) {
  return *request.mutable_mutex_group()->mutable_slots(i);
}

TEST(ValidateList, PageSizesBelowZeroAreRefused) {
  v1::ListMutexGroupsRequest request;
  EXPECT_THAT(Validate(request), IsEmpty());
  request.set_page_size(5000);
  EXPECT_THAT(Validate(request), IsEmpty());
  request.set_page_size(-1);
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("page_size"));
}

TEST(ValidateList, FiltersAreChecked) {
  v1::ListMutexGroupsRequest request;
  request.mutable_filter()->set_project_id(-1);
  request.mutable_filter()->set_experiment_id(-1);
  request.mutable_filter()->set_holdout_id(-1);
  request.mutable_filter()->set_key("a\n");
  request.mutable_filter()->set_individual("a\n");
  EXPECT_THAT(Fields(Validate(request)),
              ElementsAre("filter.project_id", "filter.experiment_id", "filter.holdout_id",
                          "filter.key", "filter.individual"));
}

TEST(ValidateStaleness, NegativeAndImpossibleDurationsAreRefused) {
  const auto violates = [](std::int64_t seconds, int nanos) {
    v1::GetMutexGroupRequest request;
    request.set_mutex_group_id("7");
    request.mutable_max_staleness()->set_seconds(seconds);
    request.mutable_max_staleness()->set_nanos(nanos);
    return Fields(Validate(request)) == std::vector<std::string>{"max_staleness"};
  };
  EXPECT_FALSE(violates(0, 0));
  EXPECT_FALSE(violates(1000000, 999999999));
  EXPECT_TRUE(violates(-1, 0));
  EXPECT_TRUE(violates(0, -1));
  EXPECT_TRUE(violates(1, -1));
  EXPECT_TRUE(violates(0, 1000000000));
  EXPECT_TRUE(violates(315576000001, 0));
  v1::ListMutexGroupsRequest list;
  list.mutable_max_staleness()->set_seconds(-1);
  EXPECT_THAT(Fields(Validate(list)), ElementsAre("max_staleness"));
  v1::BatchGetMutexGroupsRequest batch;
  batch.add_mutex_group_ids("7");
  batch.mutable_max_staleness()->set_seconds(-1);
  EXPECT_THAT(Fields(Validate(batch)), ElementsAre("max_staleness"));
}

TEST(ValidateGet, ExactlyOneOfIdAndKey) {
  v1::GetMutexGroupRequest request;
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("mutex_group_id"));
  request.set_mutex_group_id("7");
  EXPECT_THAT(Validate(request), IsEmpty());
  request.set_key("checkout");
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("key"));
  request.clear_mutex_group_id();
  EXPECT_THAT(Validate(request), IsEmpty());
  request.set_key("a\n");
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("key"));
}

TEST(ValidateGroupId, WhatCannotBeAPathSegmentIsRefusedByEveryRequest) {
  for (const std::string& id : {std::string(), std::string("."), std::string(".."),
                                std::string("a\n"), std::string("a\x7f"), std::string(129, 'i')}) {
    v1::BatchGetMutexGroupsRequest batch;
    batch.add_mutex_group_ids("7");
    batch.add_mutex_group_ids(id);
    EXPECT_THAT(Fields(Validate(batch)), ElementsAre("mutex_group_ids[1]")) << id;
    v1::UpdateMutexGroupRequest update;
    update.mutable_mutex_group()->set_id(id);
    update.mutable_mutex_group()->set_name("n");
    EXPECT_THAT(Fields(Validate(update)), ElementsAre("mutex_group.id")) << id;
    v1::UpdateSlotRequest slot;
    slot.set_mutex_group_id(id);
    slot.set_slot_index(1);
    slot.mutable_update_mask()->add_paths("*");
    EXPECT_THAT(Fields(Validate(slot)), ElementsAre("mutex_group_id")) << id;
    v1::AddSlotMembersRequest add;
    add.set_mutex_group_id(id);
    add.set_slot_index(1);
    add.add_experiment_ids(1);
    EXPECT_THAT(Fields(Validate(add)), ElementsAre("mutex_group_id")) << id;
    v1::RemoveSlotMembersRequest remove;
    remove.set_mutex_group_id(id);
    remove.set_slot_index(1);
    remove.add_experiment_ids(1);
    EXPECT_THAT(Fields(Validate(remove)), ElementsAre("mutex_group_id")) << id;
    v1::MoveSlotMembersRequest move;
    move.set_mutex_group_id(id);
    move.set_from_slot_index(1);
    move.set_to_slot_index(2);
    move.add_experiment_ids(1);
    EXPECT_THAT(Fields(Validate(move)), ElementsAre("mutex_group_id")) << id;
    v1::ArchiveMutexGroupRequest archive;
    archive.set_mutex_group_id(id);
    EXPECT_THAT(Fields(Validate(archive)), ElementsAre("mutex_group_id")) << id;
    v1::UnarchiveMutexGroupRequest unarchive;
    unarchive.set_mutex_group_id(id);
    EXPECT_THAT(Fields(Validate(unarchive)), ElementsAre("mutex_group_id")) << id;
  }
}

TEST(ValidateGroupId, AnythingElseIsTaken) {
  for (const std::string& id : {std::string("7"), std::string("a/b?c#d"), std::string("é %2e"),
                                std::string("..."), std::string(128, 'i')}) {
    v1::ArchiveMutexGroupRequest request;
    request.set_mutex_group_id(id);
    EXPECT_THAT(Validate(request), IsEmpty()) << id;
  }
}

TEST(ValidateBatch, OneToAHundredIds) {
  v1::BatchGetMutexGroupsRequest request;
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("mutex_group_ids"));
  for (int i = 0; i < 100; ++i) request.add_mutex_group_ids("7");
  EXPECT_THAT(Validate(request), IsEmpty());
  request.add_mutex_group_ids("7");
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("mutex_group_ids"));
}

TEST(ValidateCreate, AValidGroupIsTaken) {
  v1::CreateMutexGroupRequest request = ValidCreate();
  EXPECT_THAT(Validate(request), IsEmpty());
  request.set_request_id("5BD9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d71");
  v1::MutexGroup& group = *request.mutable_mutex_group();
  group.set_description("two\nlines\twith\r\ntabs");
  group.set_evaluation_mode(v1::EVALUATION_MODE_LOCAL);
  SlotOf(request, 0).set_index(1);
  SlotOf(request, 1).set_index(2);
  // The same member may be in two slots, and as an experiment and a holdout group.
  for (int i = 0; i < 2; ++i) {
    SlotOf(request, i).add_experiment_ids(1);
    SlotOf(request, i).add_holdout_ids(1);
    SlotOf(request, i).add_individuals("ada");
  }
  EXPECT_THAT(Validate(request), IsEmpty());
}

TEST(ValidateCreate, AnEmptyRequestNamesAllThatIsRequired) {
  EXPECT_THAT(Fields(Validate(v1::CreateMutexGroupRequest())),
              ElementsAre("mutex_group.project_id", "mutex_group.name", "mutex_group.slots"));
}

TEST(ValidateCreate, AllViolationsAtOnceWithSlotsNamedAsPeopleDo) {
  v1::CreateMutexGroupRequest request = ValidCreate();
  request.mutable_mutex_group()->set_project_id(-5);
  request.mutable_mutex_group()->clear_name();
  request.mutable_mutex_group()->set_key("a\n");
  request.mutable_mutex_group()->set_evaluation_mode(static_cast<v1::EvaluationMode>(9));
  request.set_request_id("17");
  v1::Slot& third = *request.mutable_mutex_group()->add_slots();
  third.set_percentage(101);
  third.set_index(1);
  third.add_experiment_ids(0);
  third.add_holdout_ids(4);
  third.add_holdout_ids(4);
  third.add_individuals("");
  third.add_individuals("ada");
  third.add_individuals("ada");
  third.add_individuals("a\n");
  const Violations violations = Validate(request);
  EXPECT_THAT(
      Fields(violations),
      ElementsAre("mutex_group.project_id", "mutex_group.name", "mutex_group.key",
                  "mutex_group.evaluation_mode", "mutex_group.slots[2].percentage",
                  "mutex_group.slots[2].index", "mutex_group.slots[2].experiment_ids[0]",
                  "mutex_group.slots[2].holdout_ids[1]", "mutex_group.slots[2].individuals[0]",
                  "mutex_group.slots[2].individuals[2]", "mutex_group.slots[2].individuals[3]",
                  "mutex_group.slots", "request_id"));
  for (std::size_t i = 4; i <= 9; ++i) {
    EXPECT_THAT(violations[i].description, HasSubstr("slot 3")) << violations[i].field;
  }
  EXPECT_THAT(violations[11].description, HasSubstr("sum to 201"));
}

TEST(ValidateCreate, OneToTwentySlots) {
  v1::CreateMutexGroupRequest request = ValidCreate();
  request.mutable_mutex_group()->clear_slots();
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("mutex_group.slots"));
  for (int i = 0; i < 20; ++i) request.mutable_mutex_group()->add_slots()->set_percentage(5);
  EXPECT_THAT(Validate(request), IsEmpty());
  SlotOf(request, 0).set_percentage(4);
  request.mutable_mutex_group()->add_slots()->set_percentage(1);
  EXPECT_THAT(Validate(request), ElementsAre(Violates("mutex_group.slots", "21 slots")));
}

TEST(ValidateCreate, PercentagesAreOneToAHundredAndSumToAHundred) {
  v1::CreateMutexGroupRequest request = ValidCreate();
  SlotOf(request, 0).set_percentage(59);
  EXPECT_THAT(Validate(request), ElementsAre(Violates("mutex_group.slots", "sum to 99")));
  SlotOf(request, 0).set_percentage(100);
  SlotOf(request, 1).set_percentage(0);
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("mutex_group.slots[1].percentage"));
  SlotOf(request, 0).set_percentage(2147483647);
  SlotOf(request, 1).set_percentage(2147483647);
  EXPECT_THAT(Fields(Validate(request)),
              ElementsAre("mutex_group.slots[0].percentage", "mutex_group.slots[1].percentage",
                          "mutex_group.slots"));
}

TEST(ValidateCreate, NamesHaveOneTo255CodePoints) {
  v1::CreateMutexGroupRequest request = ValidCreate();
  std::string name;
  for (int i = 0; i < 255; ++i) name += "日";
  request.mutable_mutex_group()->set_name(name);
  EXPECT_THAT(Validate(request), IsEmpty());
  request.mutable_mutex_group()->set_name(name + "x");
  EXPECT_THAT(Validate(request), ElementsAre(Violates("mutex_group.name", "256")));
}

TEST(ValidateCreate, TextsAreFreeOfControlCharacters) {
  for (const std::string& text : kControlled) {
    v1::CreateMutexGroupRequest request = ValidCreate();
    v1::MutexGroup& group = *request.mutable_mutex_group();
    group.set_name(text);
    group.set_key(text);
    group.set_description(text);
    group.set_bucketing_key(text);
    group.set_bucketing_salt(text);
    EXPECT_THAT(Fields(Validate(request)),
                ElementsAre("mutex_group.name", "mutex_group.key", "mutex_group.description",
                            "mutex_group.bucketing_key", "mutex_group.bucketing_salt"))
        << absl::StrCat("control character in '", text, "'");
  }
  for (const std::string text : {"tab\t", "line\n", "return\r"}) {
    v1::CreateMutexGroupRequest request = ValidCreate();
    request.mutable_mutex_group()->set_description(text);
    EXPECT_THAT(Validate(request), IsEmpty());
    request.mutable_mutex_group()->set_name(text);
    EXPECT_THAT(Fields(Validate(request)), ElementsAre("mutex_group.name"));
  }
}

TEST(ValidateCreate, CharactersBesideTheControlsAreTaken) {
  v1::CreateMutexGroupRequest request = ValidCreate();
  request.mutable_mutex_group()->set_name("\xc2\xa0 \xe2\x80\x93 é 🙂 ~");
  EXPECT_THAT(Validate(request), IsEmpty());
}

TEST(ValidateCreate, RequestIdsAreUuids) {
  for (const std::string id :
       {"5bd9e4a0", "5bd9e4a07c1c4b6e9d5e0f3b8a2c6d71", "{5bd9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d7}",
        "5bd9e4a0-7c1c-4b6e-9d5e-0f3b8a2c6d7g", "5bd9e4a0-7c1c-4b6e-9d5e 0f3b8a2c6d71"}) {
    v1::CreateMutexGroupRequest request = ValidCreate();
    request.set_request_id(id);
    EXPECT_THAT(Fields(Validate(request)), ElementsAre("request_id")) << id;
  }
}

TEST(ValidateCreate, OutputOnlyFieldsAreIgnored) {
  v1::CreateMutexGroupRequest request = ValidCreate();
  v1::MutexGroup& group = *request.mutable_mutex_group();
  group.set_id("..");
  group.set_state(static_cast<v1::MutexGroup::State>(77));
  group.set_created_by("a\n");
  group.set_etag("a\n");
  SlotOf(request, 0).set_name("a\n");
  SlotOf(request, 0).add_cohorts("");
  EXPECT_THAT(Validate(request), IsEmpty());
}

TEST(ValidateUpdate, AMaskedEmptyNameIsRefusedAndAnUnmaskedOneIgnored) {
  v1::UpdateMutexGroupRequest request;
  request.mutable_mutex_group()->set_id("7");
  request.mutable_update_mask()->add_paths("name");
  EXPECT_THAT(Validate(request), ElementsAre(Violates("mutex_group.name", "must not be empty")));
  *request.mutable_update_mask()->mutable_paths(0) = "*";
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("mutex_group.name"));
  *request.mutable_update_mask()->mutable_paths(0) = "description";
  EXPECT_THAT(Validate(request), IsEmpty());
}

TEST(ValidateUpdate, NothingToChangeIsRefused) {
  v1::UpdateMutexGroupRequest request;
  request.mutable_mutex_group()->set_id("7");
  EXPECT_THAT(Validate(request), ElementsAre(Violates("update_mask", "nothing to change")));
}

TEST(ValidateUpdate, WrongPathsTextsAndEnumsAreNamedTogether) {
  v1::UpdateMutexGroupRequest request;
  request.mutable_mutex_group()->set_id("7");
  request.mutable_mutex_group()->set_name("a\n");
  request.mutable_mutex_group()->set_description("a\x01");
  request.mutable_mutex_group()->set_evaluation_mode(static_cast<v1::EvaluationMode>(9));
  for (const char* path : {"name", "description", "id", "nme"}) {
    request.mutable_update_mask()->add_paths(path);
  }
  EXPECT_THAT(Fields(Validate(request)),
              ElementsAre("update_mask.paths[2]", "update_mask.paths[3]", "mutex_group.name",
                          "mutex_group.description", "mutex_group.evaluation_mode"));
}

TEST(ValidateUpdateSlot, RequiresAMask) {
  v1::UpdateSlotRequest request;
  request.set_mutex_group_id("7");
  request.set_slot_index(1);
  request.mutable_slot()->add_experiment_ids(1);
  EXPECT_THAT(Validate(request), ElementsAre(Violates("update_mask", "required")));
}

TEST(ValidateUpdateSlot, ChecksTheListsThatTheMaskNames) {
  v1::UpdateSlotRequest request;
  request.set_mutex_group_id("7");
  request.set_slot_index(2);
  request.mutable_slot()->set_index(3);
  request.mutable_slot()->add_experiment_ids(-1);
  request.mutable_slot()->add_holdout_ids(-1);
  request.mutable_slot()->add_individuals("");
  request.mutable_update_mask()->add_paths("holdoutIds");
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("slot.index", "slot.holdout_ids[0]"));
  request.mutable_slot()->set_index(2);
  *request.mutable_update_mask()->mutable_paths(0) = "*";
  EXPECT_THAT(Fields(Validate(request)),
              ElementsAre("slot.experiment_ids[0]", "slot.holdout_ids[0]", "slot.individuals[0]"));
}

template <typename Request>
void ExpectMembersAreChecked() {
  Request request;
  request.set_mutex_group_id("7");
  EXPECT_THAT(Validate(request), ElementsAre(Violates("slot_index", "count from 1"),
                                             Violates("experiment_ids", "nothing to change")));
  request.set_slot_index(-3);
  request.add_experiment_ids(0);
  request.add_experiment_ids(5);
  request.add_experiment_ids(5);
  request.add_holdout_ids(-7);
  request.add_individuals("");
  request.add_individuals("a\n");
  EXPECT_THAT(Fields(Validate(request)),
              ElementsAre("slot_index", "experiment_ids[0]", "experiment_ids[2]", "holdout_ids[0]",
                          "individuals[0]", "individuals[1]"));
}

TEST(ValidateMembers, OfAddAndRemoveAreChecked) {
  ExpectMembersAreChecked<v1::AddSlotMembersRequest>();
  ExpectMembersAreChecked<v1::RemoveSlotMembersRequest>();
}

TEST(ValidateMembers, OneKindIsEnough) {
  v1::AddSlotMembersRequest request;
  request.set_mutex_group_id("7");
  request.set_slot_index(1);
  request.add_individuals("ada");
  EXPECT_THAT(Validate(request), IsEmpty());
}

TEST(ValidateMove, NeedsTwoDifferentSlots) {
  v1::MoveSlotMembersRequest request;
  request.set_mutex_group_id("7");
  request.set_from_slot_index(2);
  request.set_to_slot_index(2);
  request.add_experiment_ids(1);
  EXPECT_THAT(Fields(Validate(request)), ElementsAre("to_slot_index"));
  request.set_to_slot_index(3);
  EXPECT_THAT(Validate(request), IsEmpty());
  request.clear_from_slot_index();
  request.clear_to_slot_index();
  request.clear_experiment_ids();
  EXPECT_THAT(Fields(Validate(request)),
              ElementsAre("from_slot_index", "to_slot_index", "to_slot_index", "experiment_ids"));
}

}  // namespace
}  // namespace mutexd::rpc
