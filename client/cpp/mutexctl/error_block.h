// An error as one readable block of lines for standard error.
#pragma once

#include <string>

#include "mutexgroups/error.h"

namespace mutexgroups::ctl {

// The code and reason with the message, then, each on lines of its own and only where there is
// something: the fields that are wrong, the resource, quotas, what Amplitude answered, when to
// retry, further metadata, the id of the call, and the remedy.
std::string ErrorBlock(const Error& error, const std::string& remedy);

}  // namespace mutexgroups::ctl
