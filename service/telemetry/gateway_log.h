// Tells operators, in the log, what only they can mend.
#pragma once

#include "absl/strings/string_view.h"
#include "service/groups/gateway.h"
#include "service/telemetry/log.h"

namespace mutexd::telemetry {

class GatewayLog final : public groups::GatewayObserver {
 public:
  explicit GatewayLog(Log& log) : log_(log) {}

  // A critical line with the whole of the lists that were lost, so that they can be restored.
  void OnWrongSlotChanged(absl::string_view rpc_id, const groups::v1::MutexGroup& before,
                          int asked_slot, int changed_slot) override;

 private:
  Log& log_;
};

}  // namespace mutexd::telemetry
