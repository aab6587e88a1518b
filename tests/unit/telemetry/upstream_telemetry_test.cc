#include "service/telemetry/upstream_telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::telemetry {
namespace {

using amplitude::Operation;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class UpstreamTelemetryTest : public ::testing::Test {
 protected:
  void Finish(amplitude::FinishedRequest request) {
    telemetry_.OnRequestStarted(call_, request.operation);
    telemetry_.OnRequestFinished(call_, request);
  }

  amplitude::Call call_ = {.rpc_id = "id-1"};
  Metrics metrics_;
  CapturedLog captured_;
  Activity activity_;
  UpstreamTelemetry telemetry_{metrics_, captured_.log(), activity_};
};

TEST_F(UpstreamTelemetryTest, IsThereWithZerosFromTheStart) {
  const std::string text = metrics_.Expose();
  for (const char* operation : {"list", "get", "edit", "edit_slot", "create"}) {
    const std::string label = "operation=\"" + std::string(operation) + "\"";
    EXPECT_THAT(text,
                HasSubstr("mutexd_amplitude_requests_total{" + label + ",result=\"200\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("mutexd_amplitude_requests_in_flight{" + label + "} 0\n"));
    EXPECT_THAT(text,
                HasSubstr("mutexd_amplitude_request_duration_seconds_count{" + label + "} 0\n"));
  }
  EXPECT_THAT(text, HasSubstr("mutexd_amplitude_connections_opened_total 0\n"));
}

TEST_F(UpstreamTelemetryTest, CountsByOperationAndResult) {
  Finish({.operation = Operation::kGet,
          .http_status = 200,
          .duration = absl::Milliseconds(3),
          .body_bytes_received = 70});
  Finish({.operation = Operation::kGet, .http_status = 404});
  Finish({.operation = Operation::kCreate,
          .failure = http::HttpFailureKind::kTimeout,
          .body_bytes_sent = 40});
  EXPECT_THAT(
      metrics_.Expose(),
      AllOf(
          HasSubstr("mutexd_amplitude_requests_total{operation=\"get\",result=\"200\"} 1\n"),
          HasSubstr("mutexd_amplitude_requests_total{operation=\"get\",result=\"404\"} 1\n"),
          HasSubstr("mutexd_amplitude_requests_total{operation=\"create\",result=\"timeout\"} 1\n"),
          HasSubstr("mutexd_amplitude_body_bytes_received_total{operation=\"get\"} 70\n"),
          HasSubstr("mutexd_amplitude_body_bytes_sent_total{operation=\"create\"} 40\n"),
          HasSubstr("mutexd_amplitude_requests_in_flight{operation=\"get\"} 0\n")));
}

TEST_F(UpstreamTelemetryTest, AStatusThatIsNoneIsNoLabel) {
  Finish({.operation = Operation::kGet, .http_status = 987654});
  EXPECT_THAT(metrics_.Expose(),
              AllOf(HasSubstr("result=\"other\"} 1\n"), Not(HasSubstr("987654"))));
}

TEST_F(UpstreamTelemetryTest, CountsRequestsUnderWay) {
  telemetry_.OnRequestStarted(call_, Operation::kList);
  EXPECT_THAT(metrics_.Expose(),
              HasSubstr("mutexd_amplitude_requests_in_flight{operation=\"list\"} 1\n"));
}

TEST_F(UpstreamTelemetryTest, CountsFieldsOfWrongKind) {
  telemetry_.OnFieldsOfWrongKind(Operation::kList, "slots.name", 3);
  EXPECT_THAT(metrics_.Expose(),
              HasSubstr("mutexd_amplitude_fields_of_wrong_kind_total{field=\"slots.name\","
                        "operation=\"list\"} 3\n"));
}

TEST_F(UpstreamTelemetryTest, CountsConnectionsAndBytes) {
  telemetry_.OnTransferEnd({.connections_opened = 1, .bytes_sent = 10, .bytes_received = 20});
  telemetry_.OnTransferEnd({.connection_reused = true, .bytes_sent = 1, .bytes_received = 2});
  EXPECT_THAT(metrics_.Expose(),
              AllOf(HasSubstr("mutexd_amplitude_connections_opened_total 1\n"),
                    HasSubstr("mutexd_amplitude_wire_bytes_sent_total 11\n"),
                    HasSubstr("mutexd_amplitude_wire_bytes_received_total 22\n")));
}

TEST_F(UpstreamTelemetryTest, LogsEachRequestForDebugging) {
  Finish(
      {.operation = Operation::kEditSlot, .http_status = 503, .duration = absl::Milliseconds(7)});
  const auto lines = captured_.TakeLines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr(R"("level":"debug","msg":"amplitude request","rpc_id":"id-1",)"
                                  R"("operation":"edit_slot","result":"503","duration_ms":7.000)"));
}

}  // namespace
}  // namespace mutexd::telemetry
