#include "service/telemetry/gateway_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::telemetry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(GatewayLog, HasTheWholeListsThatWereLost) {
  groups::v1::MutexGroup before;
  before.set_id("1234");
  for (int index = 1; index <= 3; ++index) {
    groups::v1::Slot& slot = *before.add_slots();
    slot.set_index(index);
    slot.add_experiment_ids(70001000 + index);
    slot.add_holdout_ids(2000 + index);
    slot.add_holdout_ids(3000 + index);
  }
  std::string individuals;
  for (int i = 0; i < 5000; ++i) {
    before.mutable_slots(1)->add_individuals("user-" + std::to_string(i) + "@example.com");
    individuals += (i > 0 ? ",\"user-" : "\"user-") + std::to_string(i) + "@example.com\"";
  }
  CapturedLog captured;
  GatewayLog(captured.log()).OnWrongSlotChanged("id-1", before, 1, 2);
  const auto lines = captured.TakeLines();
  ASSERT_EQ(lines.size(), 1u);
  // No matcher on the whole: its failure would print a hundred thousand characters.
  const std::string start = lines[0].substr(0, lines[0].find("\"former_individuals\""));
  EXPECT_THAT(start,
              AllOf(HasSubstr(R"("level":"critical")"), HasSubstr("--slot-index-base"),
                    HasSubstr(R"("rpc_id":"id-1","mutex_group_id":"1234")"),
                    HasSubstr(R"("asked_slot":1,"changed_slot":2)"),
                    HasSubstr(R"("former_experiment_ids":[70001002])"),
                    HasSubstr(R"("former_holdout_ids":[2002,3002])"), Not(HasSubstr("70001001"))));
  EXPECT_TRUE(lines[0].substr(start.size()) == "\"former_individuals\":[" + individuals + "]}");
}

}  // namespace
}  // namespace mutexd::telemetry
