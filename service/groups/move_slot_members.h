// Moves members from one slot of a group to another.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// `request` has been validated: two different slots. Adds to the destination first, so that nobody
// falls out of the group in between; repeating the call completes a move that was cut short.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::MoveSlotMembersResponse>>> MoveSlotMembers(
    Gateway& gateway, amplitude::Call& call, const v1::MoveSlotMembersRequest& request);

}  // namespace mutexd::groups
