// Reads all pages of a listing into one.
#pragma once

#include "client/cpp/mutexctl/session.h"

namespace mutexgroups::ctl {

// All groups of all pages, a group that two pages repeat only once; `read_time` is the oldest
// page's. Where standard error is a terminal and there is more than one page, a line there tells
// how far the scan is, and goes away with it. Groups that cannot be read are named on standard
// error.
Result<v1::ListMutexGroupsResponse> Scan(Session& session, const Client& client,
                                         const v1::ListMutexGroupsRequest& request);

}  // namespace mutexgroups::ctl
