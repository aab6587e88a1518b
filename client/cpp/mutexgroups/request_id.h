// Ids that make a create safe to repeat.
#pragma once

#include <string>

namespace mutexgroups {

// A new random UUID (version 4) in lower case.
std::string NewRequestId();

}  // namespace mutexgroups
