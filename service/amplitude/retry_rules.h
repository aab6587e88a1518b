// Which failures may pass, and which requests may then be made again: the one table of idempotency.
#pragma once

#include "absl/status/status.h"
#include "service/amplitude/amplitude_types.h"
#include "service/amplitude/status_table.h"

namespace mutexd::amplitude {

// Whether the same request may succeed a moment later: there was no connection or no whole reply,
// Amplitude answered 502, 503 or 504, or 429. Not an open circuit: its probes are made by others.
bool MayPass(const absl::Status& failure);

// Whether Amplitude could not be reached or its gateway could not reach it: MayPass, but for 429.
bool IsOutage(const absl::Status& failure);

// Whether the request may be made again as it is.
//
//   List, Get       when the failure may pass
//   Edit, EditSlot  when it may pass and there was certainly no effect; otherwise only after a read
//                   has shown that there was none (service/groups/write_settlement.h)
//   Create          never: only after a look for its key (service/groups/create.cc)
bool MayRepeat(Operation operation, WriteEffect effect, const absl::Status& failure);

// The metadata of errors that an open circuit gives: `circuit` is `open`.
inline constexpr absl::string_view kCircuitMetadata = "circuit";
inline constexpr absl::string_view kCircuitOpen = "open";

}  // namespace mutexd::amplitude
