#include "client/cpp/mutexctl/error_block.h"

#include <gtest/gtest.h>

namespace mutexgroups::ctl {
namespace {

TEST(ErrorBlock, ShowsEverythingThatTheErrorSays) {
  Error error;
  error.code = grpc::StatusCode::INVALID_ARGUMENT;
  error.reason_name = "INVALID_REQUEST";
  error.message = "2 fields are wrong";
  error.violations = {{"mutex_group.slots[2].percentage", "slot 3: must be 1 to 100"},
                      {"", "and more"}};
  error.resource = Resource{"mutexgroups.v1.MutexGroup", "1234", "archived"};
  error.quota_violations = {{"day", "100000 requests"}};
  error.metadata = {{"http_status", "400"}, {"current_etag", "v1-ab"}};
  error.retry_delay = std::chrono::milliseconds(3250);
  error.request_id = "call-1";
  EXPECT_EQ(ErrorBlock(error, "Correct them."),
            "error: INVALID_ARGUMENT (INVALID_REQUEST): 2 fields are wrong\n"
            "  fields:\n"
            "    mutex_group.slots[2].percentage: slot 3: must be 1 to 100\n"
            "    and more\n"
            "  resource:     mutexgroups.v1.MutexGroup 1234 (archived)\n"
            "  quota:        day: 100000 requests\n"
            "  detail:       current_etag = v1-ab\n"
            "  amplitude:    HTTP 400\n"
            "  retry after:  3.25s\n"
            "  request id:   call-1\n"
            "  remedy:       Correct them.\n");
}

TEST(ErrorBlock, LeavesOutWhatIsNotThere) {
  Error error;
  error.code = grpc::StatusCode::INTERNAL;
  EXPECT_EQ(ErrorBlock(error, ""), "error: INTERNAL\n");
}

TEST(ErrorBlock, CannotWriteToTheTerminalAsItLikes) {
  Error error;
  error.message = "a\x1b[2J\nb";
  error.reason_name = "X\x1b";
  error.violations = {{"f\r", "d\x1b"}};
  error.request_id = "\x1b";
  EXPECT_EQ(ErrorBlock(error, ""),
            "error: UNKNOWN (X\\x1b): a\\x1b[2J\\nb\n"
            "  fields:\n"
            "    f\\r: d\\x1b\n"
            "  request id:   \\x1b\n");
}

}  // namespace
}  // namespace mutexgroups::ctl
