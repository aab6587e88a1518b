// Adds members to a slot, and removes them.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// Requests have been validated.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::AddSlotMembersResponse>>> AddSlotMembers(
    Gateway& gateway, amplitude::Call& call, const v1::AddSlotMembersRequest& request);

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::RemoveSlotMembersResponse>>>
RemoveSlotMembers(Gateway& gateway, amplitude::Call& call,
                  const v1::RemoveSlotMembersRequest& request);

}  // namespace mutexd::groups
