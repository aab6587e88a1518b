// Creates a group, once.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// `request` has been validated.
//
// When a key is taken, or the outcome of the POST is unknown, the service looks for the key: the
// group that has it tells by its salt whether this request made it.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::CreateMutexGroupResponse>>> CreateGroup(
    Gateway& gateway, amplitude::Call& call, const v1::CreateMutexGroupRequest& request);

}  // namespace mutexd::groups
