#include "service/telemetry/audit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/unit/telemetry/fake_file_calls.h"

namespace mutexd::telemetry {
namespace {

using ::testing::HasSubstr;

const std::string kPath = "/audit";
using Lines = std::vector<std::string>;

class AuditFileTest : public ::testing::Test {
 protected:
  FakeFileCalls disk;
  std::unique_ptr<AuditFile> file = *AuditFile::Open(kPath, disk);
};

TEST_F(AuditFileTest, AppendsLinesAndForcesThemToTheDisk) {
  const auto appended = file->Append(Lines{"one\n", "two\n"});
  EXPECT_EQ(appended.lines, 2u);
  EXPECT_EQ(appended.status, absl::OkStatus());
  EXPECT_EQ(disk.Text(kPath), "one\ntwo\n");
  EXPECT_EQ(disk.syncs, 1);
}

TEST_F(AuditFileTest, GoesOnAfterShortWrites) {
  disk.most_at_once = 3;
  EXPECT_EQ(file->Append(Lines{"a long line\n", "another\n"}).lines, 2u);
  EXPECT_EQ(disk.Text(kPath), "a long line\nanother\n");
}

TEST_F(AuditFileTest, TellsWhichLinesFitOnAFullDisk) {
  disk.room = 6;
  const auto appended = file->Append(Lines{"one\n", "two\n", "three\n"});
  EXPECT_EQ(appended.lines, 1u);
  EXPECT_THAT(std::string(appended.status.message()),
              AllOf(HasSubstr(kPath), HasSubstr("No space left")));
}

TEST_F(AuditFileTest, EndsALineThatWasWrittenInPart) {
  disk.room = 6;
  file->Append(Lines{"one\n", "two\n"});
  disk.room = FakeFileCalls::kNoLimit;
  EXPECT_EQ(file->Append(Lines{"two\n"}).lines, 1u);
  EXPECT_EQ(disk.Text(kPath), "one\ntw\ntwo\n");
}

TEST_F(AuditFileTest, CountsNothingThatMayNotBeOnTheDisk) {
  disk.can_sync = absl::InternalError("Input/output error");
  const auto appended = file->Append(Lines{"one\n"});
  EXPECT_EQ(appended.lines, 0u);
  EXPECT_FALSE(appended.status.ok());
}

TEST_F(AuditFileTest, FollowsItsNameWhenTheFileIsRenamed) {
  file->Append(Lines{"one\n"});
  disk.Rename(kPath, "/audit.1");
  file->Append(Lines{"two\n"});
  EXPECT_EQ(disk.Text("/audit.1"), "one\n");
  EXPECT_EQ(disk.Text(kPath), "two\n");
}

TEST_F(AuditFileTest, IsNotReadyWhenItsDirectoryIsGone) {
  EXPECT_EQ(file->Ready(), absl::OkStatus());
  disk.Rename(kPath, "/elsewhere");
  disk.can_open = absl::NotFoundError("No such file or directory");
  EXPECT_THAT(std::string(file->Ready().message()), HasSubstr("No such file"));
  disk.can_open = absl::OkStatus();
  EXPECT_EQ(file->Ready(), absl::OkStatus());
}

TEST_F(AuditFileTest, IsNotReadyWhenTheDiskIsNearlyFull) {
  disk.free_bytes = AuditFile::kRoom - 1;
  EXPECT_THAT(std::string(file->Ready().message()), HasSubstr("nearly full"));
}

TEST_F(AuditFileTest, ReopensWhenAsked) {
  file->Reopen();
  file->Append(Lines{"one\n"});
  EXPECT_EQ(disk.opened, 2);
}

// The system's own calls.
class RealAuditFileTest : public ::testing::Test {
 protected:
  RealAuditFileTest() {
    char name[] = "/tmp/mutexd_audit_XXXXXX";
    folder = mkdtemp(name);
  }
  ~RealAuditFileTest() override { std::filesystem::remove_all(folder); }

  static std::string TextOf(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  FileCalls calls;
  std::string folder;
};

TEST_F(RealAuditFileTest, IsForTheOwnerToWriteAndTheGroupToRead) {
  const mode_t mask = umask(0);
  const auto file = AuditFile::Open(folder + "/audit", calls);
  umask(mask);
  ASSERT_TRUE(file.ok());
  struct stat information {};
  ASSERT_EQ(stat((folder + "/audit").c_str(), &information), 0);
  EXPECT_EQ(information.st_mode & 0777, 0640u);
}

TEST_F(RealAuditFileTest, KeepsWhatIsThereAndEndsItsLastLine) {
  const std::string path = folder + "/audit";
  std::ofstream(path) << "before\nhalf a li";
  const auto file = AuditFile::Open(path, calls);
  EXPECT_EQ((*file)->Append(Lines{"new\n"}).status, absl::OkStatus());
  EXPECT_EQ(TextOf(path), "before\nhalf a li\nnew\n");
}

TEST_F(RealAuditFileTest, NamesThePathThatCannotBeOpened) {
  const auto file = AuditFile::Open(folder + "/none/audit", calls);
  EXPECT_THAT(std::string(file.status().message()),
              AllOf(HasSubstr(folder + "/none/audit"), HasSubstr("No such file")));
}

TEST_F(RealAuditFileTest, ADeviceThatIsFullIsAnError) {
  const auto file = AuditFile::Open("/dev/full", calls);
  ASSERT_TRUE(file.ok());
  EXPECT_THAT(std::string((*file)->Append(Lines{"new\n"}).status.message()), HasSubstr("No space"));
}

TEST_F(RealAuditFileTest, WritesToWhatCannotBeForcedToADisk) {
  const auto file = AuditFile::Open("/dev/null", calls);
  EXPECT_EQ((*file)->Ready(), absl::OkStatus());
  EXPECT_EQ((*file)->Append(Lines{"new\n"}).status, absl::OkStatus());
}

TEST_F(RealAuditFileTest, APipeThatNobodyReadsIsAnErrorAndNotAWait) {
  const std::string path = folder + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(AuditFile::Open(path, calls).ok());
}

}  // namespace
}  // namespace mutexd::telemetry
