// The etag of a group.
#pragma once

#include <string>

#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexd::amplitude {

// "v1-" and 32 hex digits: a hash (XXH3, 128 bits, the same on every machine) of all fields but
// times, authors and the etag itself. It does not depend on how Amplitude wrote the group: lists
// that mean sets are hashed in order, and a group that is not said to be archived is not archived.
std::string Etag(const mutexgroups::v1::MutexGroup& group);

}  // namespace mutexd::amplitude
