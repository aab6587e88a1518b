// Archives a group, and takes it out of the archive.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// Requests have been validated.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::ArchiveMutexGroupResponse>>> ArchiveGroup(
    Gateway& gateway, amplitude::Call& call, const v1::ArchiveMutexGroupRequest& request);

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::UnarchiveMutexGroupResponse>>>
UnarchiveGroup(Gateway& gateway, amplitude::Call& call,
               const v1::UnarchiveMutexGroupRequest& request);

}  // namespace mutexd::groups
