#include "service/app/quota_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>

#include "service/amplitude/key_source.h"
#include "service/amplitude/quota_turn.h"
#include "tests/fakes/test_loop.h"
#include "tests/unit/app/temporary_folder.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using amplitude::DayCounts;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr amplitude::UtcDay kDay = 19675;  // 2023-11-14, the test clock's
const amplitude::Credential kKey{"ampex_service"};
constexpr absl::Duration kInterval = absl::Milliseconds(100);

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST(DayCountsText, IsReadAsItWasWritten) {
  const DayCounts counts{kDay, {{0x1, 5}, {0xfedcba9876543210, 100'000'000'000}}};
  const std::string text = WriteDayCounts(counts);
  EXPECT_EQ(text,
            "{\"version\": 1, \"day\": \"2023-11-14\", \"counts\": "
            "{\"0000000000000001\": 5, \"fedcba9876543210\": 100000000000}}\n");
  const auto read = ReadDayCounts(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->day, counts.day);
  EXPECT_EQ(read->made, counts.made);
  EXPECT_THAT(ReadDayCounts(WriteDayCounts({kDay, {}}))->made, IsEmpty());
}

TEST(DayCountsText, IsRefusedWhenAnythingIsWrong) {
  for (const char* text : {
           "",
           "[]",
           "{}",
           "\x80\x81\x82",
           R"({"version": 1, "day": "2023-11-14", "counts": {"0000000000000001": 5)",
           R"({"version": 2, "day": "2023-11-14", "counts": {}})",
           R"({"version": 1, "counts": {}})",
           R"({"version": 1, "day": "today", "counts": {}})",
           R"({"version": 1, "day": "2023-11-14"})",
           R"({"version": 1, "day": "2023-11-14", "counts": []})",
           R"({"version": 1, "day": "2023-11-14", "counts": {"key": 5}})",
           R"({"version": 1, "day": "2023-11-14", "counts": {"0000000000000001": -5}})",
           R"({"version": 1, "day": "2023-11-14", "counts": {"0000000000000001": "5"}})",
       }) {
    EXPECT_FALSE(ReadDayCounts(text).ok()) << text;
  }
}

class QuotaFileTest : public ::testing::Test {
 protected:
  ~QuotaFileTest() override { workers.join(); }

  // The file, kept from now on.
  void Begin(amplitude::QuotaOptions options = {}) {
    auto opened = QuotaFile::Open(folder.path(""), captured.log());
    ASSERT_TRUE(opened.ok()) << opened.status();
    file = *std::move(opened);
    book.emplace(options, loop.clock(), observer);
    file->Keep(*book, loop.clock(), workers, loop.loop().get_executor());
  }

  // As a crash does: nothing is written any more.
  void Crash() {
    book.reset();
    file.reset();
  }

  void MakeRequest() {
    amplitude::Call call;
    amplitude::QuotaTurn turn(book->Of(kKey), call, false);
    EXPECT_TRUE(turn.status().ok()) << turn.status();
    Settle();
  }

  // Waits for what is being written.
  void Settle() {
    loop.Poll();
    std::promise<void> pool_is_idle;
    asio::post(workers, [&pool_is_idle] { pool_is_idle.set_value(); });
    pool_is_idle.get_future().wait();
    loop.Poll();
  }

  void Advance(absl::Duration duration) {
    loop.Advance(duration);
    Settle();
  }

  // The count in the file.
  std::int64_t Count() {
    const auto counts = ReadDayCounts(TextOf(path));
    if (!counts.ok() || counts->made.empty()) return -1;
    return counts->made.begin()->second;
  }

  TemporaryFolder folder;
  const std::string path = folder.path("quota.json");
  telemetry::CapturedLog captured;
  fakes::TestLoop loop;
  asio::thread_pool workers{1};
  amplitude::PolicyObserver observer;
  std::unique_ptr<QuotaFile> file;
  std::optional<amplitude::QuotaBook> book;
};

TEST_F(QuotaFileTest, IsWrittenAtOnceAndThenAtMostTenTimesASecond) {
  Begin();
  MakeRequest();
  EXPECT_EQ(Count(), 1);
  MakeRequest();
  MakeRequest();
  Advance(kInterval - absl::Nanoseconds(1));
  EXPECT_EQ(Count(), 1);
  Advance(absl::Nanoseconds(1));
  EXPECT_EQ(Count(), 3);
  EXPECT_EQ(loop.clock().sleepers(), 0u) << "nothing has changed since";
  Advance(absl::Seconds(5));
  MakeRequest();
  EXPECT_EQ(Count(), 4);
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_F(QuotaFileTest, SurvivesACrash) {
  Begin();
  MakeRequest();
  EXPECT_EQ(Count(), 1);
  Crash();
  Begin({.per_day = 2, .write_reserve = 0});
  EXPECT_THAT(book->Counts().made, ElementsAre(Pair(amplitude::Fingerprint(kKey), 1)));
  MakeRequest();
  amplitude::Call call;
  EXPECT_FALSE(amplitude::QuotaTurn(book->Of(kKey), call, false).status().ok());
}

TEST_F(QuotaFileTest, IsWrittenALastTimeAtTheEnd) {
  Begin();
  for (int i = 0; i < 5; ++i) MakeRequest();
  workers.join();
  file->WriteLast();
  EXPECT_EQ(Count(), 5);
}

TEST_F(QuotaFileTest, AnotherDaysCountsAreNothing) {
  for (const int days : {-1, 1}) {
    Write(path, WriteDayCounts({kDay + days, {{amplitude::Fingerprint(kKey), 7}}}));
    Begin();
    EXPECT_THAT(book->Counts().made, IsEmpty());
    Crash();
  }
}

TEST_F(QuotaFileTest, ACountAboveTheLimitIsKept) {
  Write(path, WriteDayCounts({kDay, {{amplitude::Fingerprint(kKey), 500}}}));
  Begin({.per_day = 100});
  amplitude::Call call;
  EXPECT_FALSE(amplitude::QuotaTurn(book->Of(kKey), call, false).status().ok());
  workers.join();
  file->WriteLast();
  EXPECT_EQ(Count(), 500);
}

TEST_F(QuotaFileTest, ABrokenFileIsMovedAsideWithAWarning) {
  Write(path, "{\"version\": 1, \"da");
  Begin();
  EXPECT_THAT(book->Counts().made, IsEmpty());
  EXPECT_EQ(TextOf(path + ".broken"), "{\"version\": 1, \"da");
  EXPECT_FALSE(std::filesystem::exists(path));
  MakeRequest();
  EXPECT_EQ(Count(), 1);
  EXPECT_THAT(captured.TakeLines(),
              ElementsAre(AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr("is broken"),
                                HasSubstr("quota.json.broken"), HasSubstr("at byte"))));
}

TEST_F(QuotaFileTest, AWriteThatFailsIsOneWarningUntilItWorksAgain) {
  Begin();
  std::filesystem::create_directory(path + ".tmp");  // stands in the way
  for (int i = 0; i < 3; ++i) {
    MakeRequest();
    Advance(kInterval);
  }
  EXPECT_EQ(Count(), -1);
  std::filesystem::remove(path + ".tmp");
  MakeRequest();
  Advance(kInterval);
  EXPECT_EQ(Count(), 4);
  EXPECT_THAT(captured.TakeLines(),
              ElementsAre(AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr("cannot be kept"),
                                HasSubstr("Is a directory")),
                          HasSubstr("can be kept again")));
}

TEST_F(QuotaFileTest, ADirectoryIsOneProcessesAtATime) {
  Begin();
  const auto second = QuotaFile::Open(folder.path(""), captured.log());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(
      std::string(second.status().message()),
      AllOf(HasSubstr(folder.path("")),
            HasSubstr("another mutexd uses it; stop that, or choose a directory for each")));
  Crash();
  EXPECT_TRUE(QuotaFile::Open(folder.path(""), captured.log()).ok());
}

TEST_F(QuotaFileTest, ADirectoryThatCannotBeUsedIsAClearError) {
  const auto missing = QuotaFile::Open(folder.path("none"), captured.log());
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(std::string(missing.status().message()),
              AllOf(HasSubstr(folder.path("none")), HasSubstr("does not exist; create it")));
  Write(folder.path("file"), "");
  const auto no_directory = QuotaFile::Open(folder.path("file"), captured.log());
  ASSERT_FALSE(no_directory.ok());
  EXPECT_THAT(std::string(no_directory.status().message()), HasSubstr("Not a directory"));
  std::filesystem::create_directory(path + ".tmp");
  const auto not_writable = QuotaFile::Open(folder.path(""), captured.log());
  ASSERT_FALSE(not_writable.ok());
  EXPECT_THAT(std::string(not_writable.status().message()), HasSubstr("that mutexd can write to"));
}

}  // namespace
}  // namespace mutexd::app
