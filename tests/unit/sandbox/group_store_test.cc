#include "service/sandbox/group_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"

namespace mutexd::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GroupStoreTest : public testing::Test {
 protected:
  GroupStoreTest() {
    options_.now = [this] { return now_; };
    options_.new_salt = [this] { return absl::StrCat("salt", ++salts_); };
  }

  static MutexGroup Group(std::int64_t id, std::string key) {
    MutexGroup group;
    group.id = id;
    group.key = std::move(key);
    group.name = "name";
    group.slots = {{.percentage = 40, .experiments = {1}, .holdouts = {2}, .individuals = {"a"}},
                   {.percentage = 60, .experiments = {3}}};
    return group;
  }

  static NewGroup New(std::string name) {
    NewGroup group;
    group.project_id = 7;
    group.name = std::move(name);
    group.slots = {{.percentage = 100}};
    return group;
  }

  static std::vector<std::int64_t> Ids(const GroupPage& page) {
    std::vector<std::int64_t> ids;
    for (const StoredGroup& group : page.groups) ids.push_back(group->id);
    return ids;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  int salts_ = 0;
  GroupStoreOptions options_;
};

TEST_F(GroupStoreTest, GivesANewGroupItsDefaults) {
  GroupStore store(options_, {Group(41, "k")});
  const auto id = store.Create(New("Pricing page (EU)!"));
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*id, 42);
  const StoredGroup group = *store.Get(42);
  EXPECT_EQ(group->id, 42);
  EXPECT_EQ(group->project_id, 7);
  EXPECT_EQ(group->key, "pricing-page-eu");
  EXPECT_EQ(group->bucketing_key, "amplitude_id");
  EXPECT_EQ(group->bucketing_salt, "salt1");
  EXPECT_EQ(group->evaluation_mode, EvaluationMode::kRemote);
  EXPECT_FALSE(group->deleted);
  EXPECT_EQ(group->created_at, now_);
  EXPECT_EQ(group->last_modified_at, now_);
  EXPECT_EQ(group->created_by, GroupStore::kAuthor);
}

TEST_F(GroupStoreTest, KeepsWhatACreateSays) {
  GroupStore store(options_, {});
  NewGroup group = New("n");
  group.key = "my-key";
  group.description = "d";
  group.evaluation_mode = EvaluationMode::kLocal;
  group.bucketing_key = "device_id";
  group.bucketing_salt = "s";
  const StoredGroup stored = *store.Get(*store.Create(group));
  EXPECT_EQ(stored->key, "my-key");
  EXPECT_EQ(stored->description, "d");
  EXPECT_EQ(stored->evaluation_mode, EvaluationMode::kLocal);
  EXPECT_EQ(stored->bucketing_key, "device_id");
  EXPECT_EQ(stored->bucketing_salt, "s");
  EXPECT_EQ(salts_, 0);
}

TEST_F(GroupStoreTest, RefusesATakenKey) {
  options_.taken_keys = {"flag"};
  GroupStore store(options_, {Group(1, "k")});
  ASSERT_TRUE(store.Edit(1, {.archive = true}).ok());
  for (const char* key : {"k", "flag"}) {
    NewGroup group = New("n");
    group.key = key;
    EXPECT_EQ(store.Create(group).status().code(), absl::StatusCode::kAlreadyExists) << key;
  }
  EXPECT_EQ(store.All().size(), 1u);
}

TEST_F(GroupStoreTest, MakesKeysThatAreNotTaken) {
  options_.taken_keys = {"n"};
  GroupStore store(options_, {});
  EXPECT_EQ((*store.Get(*store.Create(New("N"))))->key, "n-2");
  EXPECT_EQ((*store.Get(*store.Create(New("n"))))->key, "n-3");
  EXPECT_EQ((*store.Get(*store.Create(New("日本"))))->key, "mutex-group");
}

TEST_F(GroupStoreTest, EditsOnlyWhatIsNamed) {
  GroupStore store(options_, {Group(1, "k")});
  now_ += absl::Seconds(5);
  ASSERT_TRUE(store.Edit(1, {.name = "new"}).ok());
  EXPECT_EQ((*store.Get(1))->name, "new");
  EXPECT_EQ((*store.Get(1))->description, std::nullopt);
  EXPECT_EQ((*store.Get(1))->last_modified_at, now_);
  EXPECT_EQ((*store.Get(1))->created_at, absl::UnixEpoch());

  ASSERT_TRUE(store.Edit(1, {.description = "text"}).ok());
  EXPECT_EQ((*store.Get(1))->name, "new");
  EXPECT_EQ((*store.Get(1))->description, "text");

  GroupEdit removal;
  removal.description.emplace(std::nullopt);
  ASSERT_TRUE(store.Edit(1, removal).ok());
  EXPECT_EQ((*store.Get(1))->description, std::nullopt);
}

TEST_F(GroupStoreTest, IgnoresOtherChangesWhenItArchives) {
  GroupStore store(options_, {Group(1, "k")});
  ASSERT_TRUE(store.Edit(1, {.name = "new", .archive = true}).ok());
  EXPECT_TRUE((*store.Get(1))->deleted);
  EXPECT_EQ((*store.Get(1))->name, "name");
  ASSERT_TRUE(store.Edit(1, {.name = "new", .archive = false}).ok());
  EXPECT_FALSE((*store.Get(1))->deleted);
  EXPECT_EQ((*store.Get(1))->name, "new");
}

TEST_F(GroupStoreTest, ShowsArchivedGroupsUnlessToldToHideThem) {
  GroupStore showing(options_, {Group(1, "k"), Group(2, "l")});
  ASSERT_TRUE(showing.Edit(1, {.archive = true}).ok());
  EXPECT_THAT(Ids(showing.List(0, 10)), ElementsAre(1, 2));

  options_.hide_archived = true;
  GroupStore hiding(options_, {Group(1, "k"), Group(2, "l")});
  ASSERT_TRUE(hiding.Edit(1, {.archive = true}).ok());
  EXPECT_THAT(Ids(hiding.List(0, 10)), ElementsAre(2));
  EXPECT_EQ(hiding.Get(1).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(hiding.Edit(1, {.archive = false}).ok());
  EXPECT_TRUE(hiding.Get(1).ok());
}

TEST_F(GroupStoreTest, ReplacesOnlyTheNamedListsOfTheNamedSlot) {
  GroupStore store(options_, {Group(1, "k")});
  SlotEdit edit;
  edit.experiments = std::vector<std::int64_t>{8, 9};
  edit.individuals.emplace();
  ASSERT_TRUE(store.EditSlot(1, 0, edit).ok());
  const StoredGroup group = *store.Get(1);
  EXPECT_THAT(group->slots[0].experiments, ElementsAre(8, 9));
  EXPECT_THAT(group->slots[0].holdouts, ElementsAre(2));
  EXPECT_THAT(group->slots[0].individuals, IsEmpty());
  EXPECT_THAT(group->slots[1].experiments, ElementsAre(3));
  EXPECT_EQ(group->slots[0].percentage, 40);
}

TEST_F(GroupStoreTest, DoesNotFindWhatDoesNotExist) {
  GroupStore store(options_, {Group(1, "k")});
  EXPECT_EQ(store.Get(2).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store.Edit(2, {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store.EditSlot(2, 0, {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store.EditSlot(1, -1, {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store.EditSlot(1, 2, {}).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(store.EditSlot(1, 1, {}).ok());
}

TEST_F(GroupStoreTest, PagesInTheOrderOfCreation) {
  GroupStore store(options_, {Group(30, "c"), Group(10, "a"), Group(20, "b")});
  const GroupPage first = store.List(0, 2);
  EXPECT_THAT(Ids(first), ElementsAre(10, 20));
  EXPECT_EQ(first.next_offset, 2);
  const GroupPage second = store.List(2, 2);
  EXPECT_THAT(Ids(second), ElementsAre(30));
  EXPECT_EQ(second.next_offset, std::nullopt);
  EXPECT_EQ(store.List(0, 3).next_offset, std::nullopt);
  EXPECT_THAT(store.List(99, 2).groups, IsEmpty());
  EXPECT_EQ(store.List(99, 2).next_offset, std::nullopt);
}

TEST_F(GroupStoreTest, ShowsWritesOnlyAfterTheLag) {
  options_.write_visibility_lag = absl::Seconds(2);
  GroupStore store(options_, {Group(1, "k")});
  ASSERT_TRUE(store.Edit(1, {.name = "one"}).ok());
  const auto created = store.Create(New("created"));
  now_ += absl::Seconds(1);
  ASSERT_TRUE(store.Edit(1, {.name = "two"}).ok());
  EXPECT_EQ((*store.Get(1))->name, "name");
  EXPECT_EQ(store.Get(*created).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Ids(store.List(0, 10)), ElementsAre(1));
  now_ += absl::Seconds(1);
  EXPECT_EQ((*store.Get(1))->name, "one");
  EXPECT_TRUE(store.Get(*created).ok());
  now_ += absl::Seconds(1);
  EXPECT_EQ((*store.Get(1))->name, "two");
}

TEST_F(GroupStoreTest, WritesBuildOnWritesThatAreNotVisibleYet) {
  options_.write_visibility_lag = absl::Seconds(2);
  GroupStore store(options_, {});
  const auto id = store.Create(New("created"));
  EXPECT_TRUE(store.Edit(*id, {.description = "d"}).ok());
  NewGroup same = New("other");
  same.key = "created";
  EXPECT_EQ(store.Create(same).status().code(), absl::StatusCode::kAlreadyExists);
  now_ += absl::Seconds(2);
  EXPECT_EQ((*store.Get(*id))->description, "d");
  EXPECT_EQ((*store.Get(*id))->name, "created");
}

TEST_F(GroupStoreTest, SavesAllGroupsWithEveryWrite) {
  std::vector<std::string> names;
  options_.save = [&](const std::vector<StoredGroup>& groups) {
    names.clear();
    for (const StoredGroup& group : groups) names.push_back(group->name);
    return absl::OkStatus();
  };
  GroupStore store(options_, {Group(1, "k")});
  ASSERT_TRUE(store.Create(New("second")).ok());
  EXPECT_THAT(names, ElementsAre("name", "second"));
  ASSERT_TRUE(store.Edit(1, {.name = "first"}).ok());
  EXPECT_THAT(names, ElementsAre("first", "second"));
}

TEST_F(GroupStoreTest, UndoesAWriteThatCannotBeSaved) {
  options_.save = [](const std::vector<StoredGroup>&) {
    return absl::NotFoundError("cannot write FILE");
  };
  GroupStore store(options_, {Group(1, "k")});
  const absl::Status edited = store.Edit(1, {.name = "new"});
  EXPECT_EQ(edited.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(edited.message(), "cannot write FILE");
  EXPECT_EQ((*store.Get(1))->name, "name");
  EXPECT_EQ(store.Create(New("n")).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(store.All().size(), 1u);
}

TEST_F(GroupStoreTest, ServesManyThreads) {
  GroupStore store(options_, {Group(1, "k")});
  constexpr int kThreads = 4;
  constexpr int kRounds = 100;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&store, thread] {
      for (int i = 0; i < kRounds; ++i) {
        const auto id = store.Create(New("group"));
        ASSERT_TRUE(id.ok());
        ASSERT_TRUE(store.Edit(*id, {.name = absl::StrCat(thread, "/", i)}).ok());
        ASSERT_TRUE(store.Get(*id).ok());
        ASSERT_GE(store.List(0, 1000).groups.size(), 2u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> names;
  for (const StoredGroup& group : store.All()) names.insert(group->name);
  EXPECT_EQ(names.size(), std::size_t{kThreads * kRounds + 1});
}

}  // namespace
}  // namespace mutexd::sandbox
