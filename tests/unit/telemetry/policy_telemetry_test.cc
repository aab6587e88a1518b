#include "service/telemetry/policy_telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::telemetry {
namespace {

using amplitude::Budget;
using amplitude::CircuitState;
using amplitude::Operation;
using amplitude::RetryEnd;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class PolicyTelemetryTest : public ::testing::Test {
 protected:
  Metrics metrics_;
  CapturedLog captured_;
  Activity activity_;
  PolicyTelemetry telemetry_{metrics_, captured_.log(), activity_};
};

TEST_F(PolicyTelemetryTest, IsThereWithZerosFromTheStart) {
  EXPECT_THAT(metrics_.Expose(),
              AllOf(HasSubstr("mutexd_amplitude_retries_total{operation=\"edit_slot\"} 0\n"),
                    HasSubstr("mutexd_amplitude_retries_ended_total{rule=\"deadline\"} 0\n"),
                    HasSubstr("mutexd_circuit_state{state=\"closed\"} 1\n"),
                    HasSubstr("mutexd_circuit_state{state=\"open\"} 0\n"),
                    HasSubstr("mutexd_circuit_opened_total 0\n"),
                    HasSubstr("mutexd_cache_lookups_total{operation=\"get\",result=\"hit\"} 0\n"),
                    Not(HasSubstr("mutexd_cache_lookups_total{operation=\"edit\"")),
                    HasSubstr("mutexd_quota_refused_total{budget=\"day\"} 0\n")));
}

TEST_F(PolicyTelemetryTest, CountsWhatThePoliciesDo) {
  telemetry_.OnCacheLookup(Operation::kGet, true);
  telemetry_.OnCacheLookup(Operation::kList, false);
  telemetry_.OnCacheSize(4096, 3);
  telemetry_.OnJoined(Operation::kGet);
  telemetry_.OnRetry(Operation::kGet, absl::Milliseconds(200));
  telemetry_.OnRetriesEnded(Operation::kGet, RetryEnd::kBudget);
  telemetry_.OnCircuitRefused(Operation::kEdit);
  telemetry_.OnQuotaLeft(Budget::kDay, 99'990);
  telemetry_.OnQuotaRefused(Budget::kSecond);
  telemetry_.OnQuotaWaited(absl::Milliseconds(30));
  telemetry_.OnQuotaQueue(5);
  EXPECT_THAT(metrics_.Expose(),
              AllOf(HasSubstr("mutexd_cache_lookups_total{operation=\"get\",result=\"hit\"} 1\n"),
                    HasSubstr("mutexd_cache_lookups_total{operation=\"list\",result=\"miss\"} 1\n"),
                    HasSubstr("mutexd_cache_bytes 4096\n"), HasSubstr("mutexd_cache_entries 3\n"),
                    HasSubstr("mutexd_coalesced_reads_total{operation=\"get\"} 1\n"),
                    HasSubstr("mutexd_amplitude_retries_total{operation=\"get\"} 1\n")));
  EXPECT_THAT(metrics_.Expose(),
              AllOf(HasSubstr("mutexd_amplitude_retries_ended_total{rule=\"budget\"} 1\n"),
                    HasSubstr("mutexd_circuit_refused_total{operation=\"edit\"} 1\n"),
                    HasSubstr("mutexd_quota_remaining{budget=\"day\"} 99990\n"),
                    HasSubstr("mutexd_quota_refused_total{budget=\"second\"} 1\n"),
                    HasSubstr("mutexd_quota_wait_duration_seconds_count 1\n"),
                    HasSubstr("mutexd_quota_waiting 5\n")));
}

TEST_F(PolicyTelemetryTest, TellsWhenTheCircuitOpensAndCloses) {
  telemetry_.OnCircuitChange(CircuitState::kOpen, absl::Milliseconds(1500));
  EXPECT_THAT(metrics_.Expose(), AllOf(HasSubstr("mutexd_circuit_state{state=\"open\"} 1\n"),
                                       HasSubstr("mutexd_circuit_state{state=\"closed\"} 0\n"),
                                       HasSubstr("mutexd_circuit_opened_total 1\n")));
  telemetry_.OnCircuitChange(CircuitState::kHalfOpen, absl::ZeroDuration());
  telemetry_.OnCircuitChange(CircuitState::kClosed, absl::ZeroDuration());
  const std::string log = absl::StrJoin(captured_.TakeLines(), "\n");
  EXPECT_THAT(log, AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr("amplitude is down"),
                         HasSubstr("\"next_probe_ms\":1500"), HasSubstr("amplitude is back")));
}

}  // namespace
}  // namespace mutexd::telemetry
