// Replaces lists of a slot.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// `request` has been validated.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::UpdateSlotResponse>>> UpdateSlot(
    Gateway& gateway, amplitude::Call& call, const v1::UpdateSlotRequest& request);

}  // namespace mutexd::groups
