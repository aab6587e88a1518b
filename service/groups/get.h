// Reads one group, by its id or by its key.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// `request` has been validated: exactly one of id and key is set.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::GetMutexGroupResponse>>> GetGroup(
    Gateway& gateway, amplitude::Call& call, const v1::GetMutexGroupRequest& request);

}  // namespace mutexd::groups
