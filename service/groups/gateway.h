// What the use cases work with: Amplitude, time, and the state of this process. One per process,
// used on the event loop only.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/backoff.h"
#include "service/amplitude/clock.h"
#include "service/groups/group_locks.h"

namespace mutexd::groups {

namespace v1 = ::mutexgroups::v1;

struct GatewayOptions {
  std::size_t max_reply_bytes = 3670016;  // 3.5 MiB: clients accept 4 MiB by default
  absl::Duration write_visibility_timeout = absl::Seconds(2);
  absl::Duration default_max_staleness;                    // when a request does not say
  absl::Duration max_staleness_limit = absl::Minutes(10);  // the most that one gets
  int slot_index_base = 1;  // what Amplitude's path calls a group's first slot: 0 or 1
};

// What an operator must hear of. Called on the event loop; must not block.
class GatewayObserver {
 public:
  virtual ~GatewayObserver() = default;

  // A slot write changed `changed_slot` instead of the slot asked for. `before` is the group as it
  // was: the lists of that slot are otherwise lost.
  virtual void OnWrongSlotChanged(absl::string_view rpc_id, const v1::MutexGroup& before,
                                  int asked_slot, int changed_slot) = 0;
};

struct Gateway {
  amplitude::AmplitudeApi& amplitude;
  amplitude::Clock& clock;
  GatewayOptions options;
  GatewayObserver* observer = nullptr;  // may be null
  amplitude::RandomUnit random = amplitude::NextRandomUnit;

  GroupLocks locks = {};

  // Set when a slot write changed another slot: slot writes are refused until a restart.
  bool slot_index_base_wrong = false;

  // How many requests the last complete scan took, which tells a batch what the next would cost;
  // 0 before the first.
  int pages_of_last_scan = 0;
};

}  // namespace mutexd::groups
