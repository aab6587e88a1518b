// Page tokens of ListMutexGroups.
//
// A token is opaque to callers, says in itself of which version it is and whether it is whole,
// carries no authority, and works on any replica and after a restart. It is bound to the filter and
// show_archived that it was made for, and to nothing else.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/groups/list_position.h"

namespace mutexd::rpc {

// The token for `position` in the listing that `request` asks for.
std::string EncodePageToken(const groups::ListPosition& position,
                            const mutexgroups::v1::ListMutexGroupsRequest& request);

// The position of `token`; an empty token is the beginning. INVALID_ARGUMENT/INVALID_PAGE_TOKEN for
// one that is corrupt, of another version, or made for another listing.
absl::StatusOr<groups::ListPosition> DecodePageToken(
    absl::string_view token, const mutexgroups::v1::ListMutexGroupsRequest& request);

}  // namespace mutexd::rpc
