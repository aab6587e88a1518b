// Reads several groups by their ids: all of them, or none.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

// `request` has been validated: 1 to 100 ids.
asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::BatchGetMutexGroupsResponse>>>
BatchGetGroups(Gateway& gateway, amplitude::Call& call,
               const v1::BatchGetMutexGroupsRequest& request);

// Whether the next request to Amplitude should be a page of a scan rather than one get for each
// group that is still missing. A scan of a known length is taken when it is the shorter way; one of
// unknown length is begun, for most projects fit into one page, and given up when it has cost
// nearly what the gets would.
bool ScanIsCheaper(int missing, int pages_read, int pages_of_last_scan);

}  // namespace mutexd::groups
