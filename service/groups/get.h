// Reads one group, by its id or by its key.
#pragma once

#include <asio/awaitable.hpp>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/amplitude/shared_bytes.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// The GetMutexGroupResponse, serialized once for all who get the same. `request` has been
// validated: exactly one of id and key is set.
asio::awaitable<absl::StatusOr<amplitude::SharedBytes>> GetGroup(
    Gateway& gateway, amplitude::Call& call, const v1::GetMutexGroupRequest& request);

// The same, as far as it is known and `request` allows what is known; none when Amplitude has to be
// asked.
absl::StatusOr<amplitude::SharedBytes> GetKnownGroup(Gateway& gateway, amplitude::Call& call,
                                                     const v1::GetMutexGroupRequest& request);

}  // namespace mutexd::groups
