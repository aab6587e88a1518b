#include "service/telemetry/gateway_log.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mutexd::telemetry {

void GatewayLog::OnWrongSlotChanged(absl::string_view rpc_id, const groups::v1::MutexGroup& before,
                                    int asked_slot, int changed_slot) {
  LogFields fields = {{"rpc_id", rpc_id},
                      {"mutex_group_id", before.id()},
                      {"asked_slot", asked_slot},
                      {"changed_slot", changed_slot}};
  for (const groups::v1::Slot& slot : before.slots()) {
    if (slot.index() != changed_slot) continue;
    fields.emplace_back(
        "former_experiment_ids",
        std::vector<std::int64_t>(slot.experiment_ids().begin(), slot.experiment_ids().end()));
    fields.emplace_back("former_holdout_ids", std::vector<std::int64_t>(slot.holdout_ids().begin(),
                                                                        slot.holdout_ids().end()));
    fields.emplace_back("former_individuals", std::vector<std::string>(slot.individuals().begin(),
                                                                       slot.individuals().end()));
  }
  log_.Write(
      LogLevel::kCritical,
      "a slot write changed another slot: --slot-index-base is wrong; slot writes are refused "
      "until a restart, and the former lists of the changed slot are in this line",
      fields);
}

}  // namespace mutexd::telemetry
