#include "service/telemetry/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "service/amplitude/error.h"
#include "tests/fakes/error_matcher.h"
#include "tests/unit/telemetry/fake_file_calls.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::telemetry {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kPath = "/audit";

class AuditLogTest : public ::testing::Test {
 protected:
  void Open(std::size_t kept_bytes = 1 << 20) {
    AuditLogOptions options;
    options.version = "test";
    options.retry_interval = std::chrono::milliseconds(5);
    options.kept_bytes = kept_bytes;
    audit.emplace(*AuditFile::Open(kPath, disk), loop.get_executor(), metrics, captured.log(),
                  options);
  }

  static rpc::WriteRecord Record(const std::string& id, bool sent = true) {
    rpc::WriteRecord record;
    record.report.rpc_id = id;
    record.report.method = "UpdateMutexGroup";
    record.report.write_sent = sent;
    return record;
  }

  // Runs the loop until `done`; the thread's answers arrive on it.
  void RunUntil(const std::function<bool()>& done) {
    loop.restart();
    auto work = asio::make_work_guard(loop);
    while (!done()) loop.run_one_for(std::chrono::milliseconds(1));
  }

  void Keep(const std::string& id, bool sent = true) {
    bool kept = false;
    audit->Keep(Record(id, sent), [&kept] { kept = true; });
    EXPECT_FALSE(kept);
    RunUntil([&kept] { return kept; });
  }

  absl::Status Prepare() {
    std::optional<absl::Status> answer;
    asio::co_spawn(loop, audit->Prepare(), [&answer](const std::exception_ptr&, absl::Status got) {
      answer = std::move(got);
    });
    RunUntil([&answer] { return answer.has_value(); });
    return *answer;
  }

  void PrepareUntilOk() {
    RunUntil([this] { return Prepare().ok(); });
  }

  // The rpc ids of the lines of writes; "opened", "lost", or "?" for what is no line.
  std::vector<std::string> Written(const std::string& path = kPath) {
    std::vector<std::string> ids;
    for (absl::string_view line : absl::StrSplit(disk.Text(path), '\n', absl::SkipEmpty())) {
      const bool whole = absl::EndsWith(line, "}");
      const std::size_t at = line.find("\"rpc_id\":\"");
      if (whole && at != absl::string_view::npos) {
        const absl::string_view id = line.substr(at + 10);
        ids.emplace_back(id.substr(0, id.find('"')));
      } else {
        ids.emplace_back(absl::StrContains(line, R"("event":"opened")") && whole ? "opened"
                         : absl::StrContains(line, R"("event":"lost")") && whole ? "lost"
                                                                                 : "?");
      }
    }
    return ids;
  }

  asio::io_context loop;
  FakeFileCalls disk;
  Metrics metrics;
  CapturedLog captured;
  std::optional<AuditLog> audit;
};

TEST_F(AuditLogTest, BeginsWithALineOfItsOwn) {
  Open();
  EXPECT_EQ(Prepare(), absl::OkStatus());
  EXPECT_THAT(Written(), ElementsAre("opened"));
}

TEST_F(AuditLogTest, ALineIsThereBeforeTheCallerIsTold) {
  Open();
  Keep("a");
  EXPECT_THAT(Written(), ElementsAre("opened", "a"));
}

TEST_F(AuditLogTest, WritesWhatWaitsAtItsEnd) {
  Open();
  for (int i = 0; i < 3; ++i) audit->Keep(Record(absl::StrCat(i)), [] {});
  audit.reset();
  EXPECT_THAT(Written(), ElementsAre("opened", "0", "1", "2"));
}

TEST_F(AuditLogTest, RefusesFromAFailureOnUntilALineIsWritten) {
  Open();
  Keep("a");
  disk.Set([](auto& its) { its.room = 10; });
  Keep("b");
  EXPECT_THAT(Prepare(), fakes::IsError(absl::StatusCode::kUnavailable,
                                        amplitude::v1::ERROR_REASON_AUDIT_LOG_UNAVAILABLE));
  EXPECT_THAT(metrics.Expose(), HasSubstr("mutexd_audit_writable 0"));
  EXPECT_THAT(metrics.Expose(), HasSubstr("mutexd_audit_lines_waiting 1"));
  disk.Set([](auto& its) { its.room = FakeFileCalls::kNoLimit; });
  PrepareUntilOk();
  EXPECT_THAT(Written(), ElementsAre("opened", "a", "?", "b"));
  EXPECT_THAT(metrics.Expose(), AllOf(HasSubstr("mutexd_audit_writable 1"),
                                      HasSubstr("mutexd_audit_lines_waiting 0")));
}

TEST_F(AuditLogTest, LinesKeepTheirOrderOverAFailure) {
  Open();
  Keep("a");
  disk.Set([](auto& its) { its.room = 0; });
  Keep("b");
  Keep("c", false);
  Keep("d");
  disk.Set([](auto& its) { its.room = FakeFileCalls::kNoLimit; });
  PrepareUntilOk();
  Keep("e");
  EXPECT_THAT(Written(), ElementsAre("opened", "a", "b", "c", "d", "e"));
}

TEST_F(AuditLogTest, TheLogHasTheWholeLineOfAWriteThatCouldNotBeWritten) {
  Open();
  Keep("a");
  disk.Set([](auto& its) { its.room = 0; });
  Keep("b");
  Keep("refused", false);
  audit.reset();
  const std::string log = absl::StrJoin(captured.TakeLines(), "\n");
  EXPECT_THAT(log, HasSubstr("the audit log cannot be written"));
  EXPECT_THAT(log, HasSubstr(R"("audit_line":"{\"event\":\"write\")"));
  EXPECT_THAT(log, HasSubstr(R"(\"rpc_id\":\"b\")"));
  EXPECT_THAT(log, Not(HasSubstr(R"(\"rpc_id\":\"refused\")")));
}

TEST_F(AuditLogTest, OfManyRefusedAttemptsKeepsTheNumber) {
  Open(/*kept_bytes=*/1000);
  Keep("a");
  disk.Set([](auto& its) { its.room = 0; });
  for (int i = 0; i < 20; ++i) Keep("refused", false);
  Keep("sent");
  disk.Set([](auto& its) { its.room = FakeFileCalls::kNoLimit; });
  PrepareUntilOk();
  const std::vector<std::string> written = Written();
  EXPECT_LT(written.size(), 12u);
  EXPECT_EQ(written.back(), "lost");
  EXPECT_EQ(written[written.size() - 2], "sent");
  const std::size_t lost = 20 - (written.size() - 4);
  EXPECT_THAT(disk.Text(kPath), HasSubstr(absl::StrCat("\"attempts\":", lost)));
  EXPECT_THAT(metrics.Expose(), HasSubstr(absl::StrCat("mutexd_audit_lines_lost_total ", lost)));
}

TEST_F(AuditLogTest, RefusesBeforeAnythingIsSentWhenTheFileIsGoneForGood) {
  Open();
  EXPECT_EQ(Prepare(), absl::OkStatus());
  disk.Rename(kPath, "/elsewhere");
  disk.Set([](auto& its) { its.can_open = absl::NotFoundError("No such file or directory"); });
  EXPECT_THAT(std::string(Prepare().message()),
              AllOf(HasSubstr("No such file"), HasSubstr("nothing was sent")));
  disk.Set([](auto& its) { its.can_open = absl::OkStatus(); });
  PrepareUntilOk();
  EXPECT_THAT(Written(), ElementsAre("opened"));
}

TEST_F(AuditLogTest, BeginsWithRefusingWhenItsFirstLineFails) {
  disk.room = 0;
  Open();
  EXPECT_FALSE(Prepare().ok());
}

TEST_F(AuditLogTest, WritesToTheNewFileAfterARotation) {
  Open();
  Keep("a");
  disk.Rename(kPath, "/audit.1");
  Keep("b");
  disk.Rename(kPath, "/audit.2");
  audit->Reopen();
  Keep("c");
  EXPECT_THAT(Written("/audit.1"), ElementsAre("opened", "a"));
  EXPECT_THAT(Written("/audit.2"), ElementsAre("b"));
  EXPECT_THAT(Written(), ElementsAre("opened", "c"));
}

TEST_F(AuditLogTest, HidesTheSecretsThatTheLogHides) {
  Open();
  captured.log().HideSecret("ampex_very-secret");
  rpc::WriteRecord record = Record("a");
  record.report.user_agent = "curl ampex_very-secret";
  bool kept = false;
  audit->Keep(std::move(record), [&kept] { kept = true; });
  RunUntil([&kept] { return kept; });
  EXPECT_THAT(disk.Text(kPath), AllOf(HasSubstr("[hidden]"), Not(HasSubstr("very-secret"))));
}

}  // namespace
}  // namespace mutexd::telemetry
