// How old the answer to a read may be.
#pragma once

#include <google/protobuf/duration.pb.h>

#include "absl/time/time.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// What a request asks for, lowered to the limit; the default when it does not say (null).
absl::Duration AllowedStaleness(const GatewayOptions& options,
                                const google::protobuf::Duration* asked);

// Lets the call's reads be answered from what is known, as far as `request` allows it. Writes never
// do this: they read what is there.
template <typename Request>
void AllowStaleness(const Gateway& gateway, amplitude::Call& call, const Request& request) {
  call.max_staleness = AllowedStaleness(
      gateway.options, request.has_max_staleness() ? &request.max_staleness() : nullptr);
}

}  // namespace mutexd::groups
