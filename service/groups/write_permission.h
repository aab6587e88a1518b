// Whether the caller of a write may touch the group that it is about (Call::write_guard).
#pragma once

#include <asio/awaitable.hpp>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"
#include "service/groups/group_reply.h"

namespace mutexd::groups {

// Reads the group that is to be written. A caller who may not write it gets PERMISSION_DENIED, and
// one who may not read either gets the very same error where there is no such group, or it cannot
// be read: it does not learn which groups exist.
asio::awaitable<absl::StatusOr<GroupPtr>> ReadToWrite(Gateway& gateway, amplitude::Call& call,
                                                      std::string id);

// For a group that is to be created; `group` has its key.
absl::Status CheckMayCreate(const amplitude::Call& call, const v1::MutexGroup& group);

}  // namespace mutexd::groups
