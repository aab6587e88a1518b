// What must hold of every group that the codec lets through, whatever the JSON was.
#pragma once

#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexd::fuzz {

void RequireWellFormed(const mutexgroups::v1::MutexGroup& group);

}  // namespace mutexd::fuzz
