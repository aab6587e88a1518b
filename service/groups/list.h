// Lists groups: one page of a reply from one or, with a filter, several of Amplitude's pages.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/groups/gateway.h"
#include "service/groups/list_position.h"

namespace mutexd::groups {

struct ListedPage {
  std::shared_ptr<v1::ListMutexGroupsResponse> response;  // without its token
  std::optional<ListPosition> next;                       // absent at the end
};

// `request` has been validated; its page_token stands in `from`. The response with a token of up to
// ListPosition's cursor and 64 bytes more, base64-coded, stays within the largest reply.
asio::awaitable<absl::StatusOr<ListedPage>> ListGroups(Gateway& gateway, amplitude::Call& call,
                                                       const v1::ListMutexGroupsRequest& request,
                                                       ListPosition from);

// The ByteSizeLong() of a response of ListGroups: its groups, which may be a thousand, were sized
// when they were decoded.
std::size_t ListedBytes(const v1::ListMutexGroupsResponse& response);

// The page size that a request asks for: 100 for 0, at most 1000.
int EffectivePageSize(int page_size);

// Whether `group` has everything that `filter` names.
bool Matches(const v1::MutexGroup& group, const v1::MutexGroupFilter& filter);

}  // namespace mutexd::groups
