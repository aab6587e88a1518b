#include "service/telemetry/rpc_telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/amplitude/error.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::telemetry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kMethods = {"GetMutexGroup", "ListMutexGroups"};

rpc::RpcReport Report(absl::Status status = absl::OkStatus()) {
  rpc::RpcReport report;
  report.method = "GetMutexGroup";
  report.rpc_id = "id-1";
  report.peer = "ipv4:127.0.0.1:5";
  report.user_agent = "test/1";
  report.status = std::move(status);
  report.duration = absl::Milliseconds(30);
  report.request_bytes = 12;
  report.response_bytes = 345;
  report.http_status = 200;
  return report;
}

TEST(RpcMetrics, AreThereWithZerosFromTheStart) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  const std::string text = metrics.Expose();
  for (const std::string& method : kMethods) {
    for (const char* code : {"OK", "INVALID_ARGUMENT", "UNAUTHENTICATED", "DATA_LOSS"}) {
      EXPECT_THAT(text, HasSubstr("mutexd_rpc_requests_total{code=\"" + std::string(code) +
                                  "\",method=\"" + method + "\"} 0\n"));
    }
    EXPECT_THAT(text,
                HasSubstr("mutexd_rpc_duration_seconds_count{method=\"" + method + "\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("mutexd_rpc_in_flight{method=\"" + method + "\"} 0\n"));
  }
}

TEST(RpcMetrics, CountByMethodAndCode) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  telemetry.OnRpcStarted("GetMutexGroup");
  telemetry.OnRpcStarted("GetMutexGroup");
  telemetry.OnRpcStarted("GetMutexGroup");
  EXPECT_THAT(metrics.Expose(), HasSubstr("mutexd_rpc_in_flight{method=\"GetMutexGroup\"} 3\n"));
  telemetry.OnRpcFinished(Report());
  telemetry.OnRpcFinished(Report());
  telemetry.OnRpcFinished(Report(absl::NotFoundError("")));
  const std::string text = metrics.Expose();
  EXPECT_THAT(
      text,
      AllOf(
          HasSubstr("mutexd_rpc_requests_total{code=\"OK\",method=\"GetMutexGroup\"} 2\n"),
          HasSubstr("mutexd_rpc_requests_total{code=\"NOT_FOUND\",method=\"GetMutexGroup\"} 1\n"),
          HasSubstr("mutexd_rpc_in_flight{method=\"GetMutexGroup\"} 0\n"),
          HasSubstr("mutexd_rpc_duration_seconds_count{method=\"GetMutexGroup\"} 3\n"),
          HasSubstr(
              "mutexd_rpc_duration_seconds_bucket{method=\"GetMutexGroup\",le=\"0.025\"} 0\n"),
          HasSubstr("mutexd_rpc_duration_seconds_bucket{method=\"GetMutexGroup\",le=\"0.05\"} 3\n"),
          HasSubstr("mutexd_rpc_requests_total{code=\"OK\",method=\"ListMutexGroups\"} 0\n")));
}

TEST(RpcMetrics, TakeNoMethodsThatTheyDoNotKnow) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  rpc::RpcReport report = Report();
  report.method = "Other";
  telemetry.OnRpcStarted("Other");
  telemetry.OnRpcFinished(report);
  EXPECT_THAT(metrics.Expose(), Not(HasSubstr("Other")));
}

TEST(AccessLog, HasALineForEachRpc) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  telemetry.OnRpcFinished(Report());
  const auto lines = captured.TakeLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0],
              HasSubstr(R"("level":"info","msg":"rpc","rpc_id":"id-1","method":"GetMutexGroup",)"
                        R"("code":"OK","duration_ms":30.000,"peer":"ipv4:127.0.0.1:5",)"
                        R"("request_bytes":12,"response_bytes":345,"user_agent":"test/1",)"
                        R"("http_status":200})"));
}

TEST(AccessLog, TellsReasonAndErrorInFull) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  rpc::RpcReport report = Report(
      amplitude::MakeError(absl::StatusCode::kUnavailable,
                           amplitude::v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE, "no reply \"x\""));
  report.caller = "team-a";
  report.write_sent = true;
  telemetry.OnRpcFinished(report);
  const auto lines = captured.TakeLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0],
              AllOf(HasSubstr(R"("level":"warning")"), HasSubstr(R"("code":"UNAVAILABLE")"),
                    HasSubstr(R"("caller":"team-a")"), HasSubstr(R"("write_sent":true)"),
                    HasSubstr(R"("reason":"AMPLITUDE_UNAVAILABLE")"),
                    HasSubstr(R"("error":"no reply \"x\"")")));
}

TEST(AccessLog, LevelTellsWhoMustAct) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  const std::pair<absl::StatusCode, const char*> kCases[] = {
      {absl::StatusCode::kNotFound, "info"},
      {absl::StatusCode::kInvalidArgument, "info"},
      {absl::StatusCode::kCancelled, "info"},
      {absl::StatusCode::kFailedPrecondition, "warning"},
      {absl::StatusCode::kDeadlineExceeded, "warning"},
      {absl::StatusCode::kResourceExhausted, "warning"},
      {absl::StatusCode::kInternal, "error"},
      {absl::StatusCode::kUnknown, "error"},
      {absl::StatusCode::kDataLoss, "error"},
  };
  for (const auto& [code, level] : kCases) telemetry.OnRpcFinished(Report(absl::Status(code, "x")));
  const auto lines = captured.TakeLines();
  ASSERT_EQ(lines.size(), std::size(kCases));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_THAT(lines[i], HasSubstr("\"level\":\"" + std::string(kCases[i].second) + "\""));
  }
}

TEST(RpcActivity, HasTheLastWritesTheNewestFirst) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  for (int i = 0; i < 25; ++i) {
    rpc::RpcReport report = Report(absl::NotFoundError(""));
    report.rpc_id = std::to_string(i);
    report.attempts_write = true;
    telemetry.OnRpcStarted("GetMutexGroup");
    telemetry.OnRpcFinished(report);
  }
  telemetry.OnRpcStarted("GetMutexGroup");
  ASSERT_EQ(activity.recent_writes.size(), 20u);
  EXPECT_EQ(activity.recent_writes.front().rpc_id, "24");
  EXPECT_EQ(activity.recent_writes.back().rpc_id, "5");
  EXPECT_EQ(activity.recent_writes.front().code, "NOT_FOUND");
  EXPECT_EQ(activity.calls_under_way, 1);
  EXPECT_EQ(activity.calls_finished, 25);
}

TEST(RpcActivity, HasNoReads) {
  Metrics metrics;
  CapturedLog captured;
  Activity activity;
  RpcTelemetry telemetry(metrics, captured.log(), activity, kMethods);
  telemetry.OnRpcFinished(Report());
  EXPECT_TRUE(activity.recent_writes.empty());
}

}  // namespace
}  // namespace mutexd::telemetry
