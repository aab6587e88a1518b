#include "service/sandbox/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "service/sandbox/group_json.h"
#include "service/sandbox/sample_groups.h"

namespace mutexd::sandbox {
namespace {

using testing::HasSubstr;

constexpr char kGroup[] =
    R"({"id":1,"projectId":2,"key":"k","name":"n","slots":[{"percentage":100}]})";

class StateFileTest : public testing::Test {
 protected:
  StateFileTest() {
    std::string pattern = testing::TempDir() + "/sandbox-state-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ / "state.json";
  }
  ~StateFileTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& text) { std::ofstream(path_) << text; }

  std::string Read() {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  std::vector<std::string> FileNames() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  // The error of loading this text.
  std::string LoadError(const std::string& text) {
    Write(text);
    const auto file = StateFile::Open(path_);
    EXPECT_TRUE(file.ok()) << file.status();
    const auto groups = (*file)->Load();
    EXPECT_EQ(groups.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(Read(), text);
    return std::string(groups.status().message());
  }

  static std::vector<StoredGroup> Stored(const std::vector<MutexGroup>& groups) {
    std::vector<StoredGroup> stored;
    for (const MutexGroup& group : groups) {
      stored.push_back(std::make_shared<const MutexGroup>(group));
    }
    return stored;
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(StateFileTest, LoadsWhatItSaved) {
  const auto file = StateFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Save(Stored(SampleGroups())).ok());
  const auto groups = (*file)->Load();
  ASSERT_TRUE(groups.ok()) << groups.status();
  ASSERT_TRUE(groups->has_value());
  ASSERT_EQ((*groups)->size(), SampleGroups().size());
  for (std::size_t i = 0; i < (*groups)->size(); ++i) {
    EXPECT_EQ(GroupToJson((**groups)[i]), GroupToJson(SampleGroups()[i]));
  }
}

TEST_F(StateFileTest, LoadsNoGroupsAsNoGroups) {
  const auto file = StateFile::Open(path_);
  ASSERT_TRUE((*file)->Save({}).ok());
  const auto groups = (*file)->Load();
  ASSERT_TRUE(groups.ok()) << groups.status();
  ASSERT_TRUE(groups->has_value());
  EXPECT_TRUE((*groups)->empty());
}

TEST_F(StateFileTest, TellsAnAbsentFileFromAnEmptyOne) {
  const auto absent = (*StateFile::Open(path_))->Load();
  ASSERT_TRUE(absent.ok()) << absent.status();
  EXPECT_FALSE(absent->has_value());
  EXPECT_THAT(LoadError(""), HasSubstr("invalid JSON"));
}

TEST_F(StateFileTest, ReplacesTheFileAsAWhole) {
  const auto file = StateFile::Open(path_);
  ASSERT_TRUE((*file)->Save(Stored(SampleGroups())).ok());
  // A reader that has the old file open goes on reading the old one.
  std::ifstream reader(path_);
  std::string first_line;
  std::getline(reader, first_line);
  ASSERT_TRUE((*file)->Save({}).ok());
  std::stringstream rest;
  rest << reader.rdbuf();
  EXPECT_THAT(rest.str(), HasSubstr("Black Friday"));
  EXPECT_THAT(Read(), testing::Not(HasSubstr("Black Friday")));
  EXPECT_THAT(FileNames(), testing::UnorderedElementsAre("state.json", "state.json.lock"));
}

TEST_F(StateFileTest, KeepsTheOldFileWhenItCannotWriteTheNewOne) {
  const auto file = StateFile::Open(path_);
  ASSERT_TRUE((*file)->Save({}).ok());
  const std::string before = Read();
  // A folder stands where the new file would be written.
  std::filesystem::create_directory(folder_ / "state.json.tmp");
  const absl::Status status = (*file)->Save(Stored(SampleGroups()));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_.string()));
  EXPECT_EQ(Read(), before);
}

TEST_F(StateFileTest, BelongsToOneSandboxAtATime) {
  auto first = StateFile::Open(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = StateFile::Open(path_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another sandbox"));
  first->reset();
  EXPECT_TRUE(StateFile::Open(path_).ok());
}

TEST_F(StateFileTest, NeedsItsFolder) {
  const auto file = StateFile::Open(folder_ / "absent" / "state.json");
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(std::string(file.status().message()), HasSubstr("absent/state.json"));
}

TEST_F(StateFileTest, NamesWhatIsWrongAndLeavesTheFileAlone) {
  const auto with = [&](absl::string_view groups) {
    return LoadError(absl::StrCat(R"({"version":1,"mutexes":[)", groups, "]}"));
  };
  EXPECT_THAT(LoadError("not json"), HasSubstr("invalid JSON at byte"));
  EXPECT_THAT(LoadError("{"), HasSubstr("mend it, or move it away"));
  EXPECT_THAT(LoadError(R"({"version":2,"mutexes":[]})"), HasSubstr("version must be 1"));
  EXPECT_THAT(LoadError(R"({"mutexes":[]})"), HasSubstr("version must be 1"));
  EXPECT_THAT(LoadError(R"({"version":1})"), HasSubstr("mutexes must be an array"));
  EXPECT_THAT(with("{}"), HasSubstr("mutexes[0].id is required"));
  EXPECT_THAT(with(absl::StrCat(kGroup, ",7")), HasSubstr("mutexes[1] must be an object"));
  EXPECT_THAT(with(absl::StrCat(kGroup, ",", kGroup)),
              HasSubstr("mutexes[1] has the id of another group"));
  EXPECT_THAT(
      with(absl::StrCat(
          kGroup, R"(,{"id":2,"projectId":2,"key":"k","name":"n","slots":[{"percentage":100}]})")),
      HasSubstr("mutexes[1] has the key of another group"));
  EXPECT_THAT(with(R"({"id":9223372036854775807,"projectId":2,"key":"k","name":"n",)"
                   R"("slots":[{"percentage":100}]})"),
              HasSubstr("mutexes[0] has an id over 2^53"));
}

}  // namespace
}  // namespace mutexd::sandbox
