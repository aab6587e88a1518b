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
// group that has it tells by its salt whether this request made it. Where it is not there, the POST
// is made again while the deadline allows, never without a look between, and ends UNAVAILABLE at
// last: what Amplitude makes of a POST that comes late has the same key, so repeating the call with
// the same request id finds it.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::CreateMutexGroupResponse>>> CreateGroup(
    Gateway& gateway, amplitude::Call& call, const v1::CreateMutexGroupRequest& request);

// Gives the error of a create that may have been sent what its caller needs to go on: metadata
// `request_id`, with which it can be repeated, and `mutex_group_id` and `url` as far as they are
// known.
absl::Status NameCreate(absl::Status status, const amplitude::Call& call);

}  // namespace mutexd::groups
