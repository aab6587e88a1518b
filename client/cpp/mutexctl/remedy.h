// What a user of mutexctl can do about an error.
#pragma once

#include <string>

#include "mutexgroups/error.h"

namespace mutexgroups::ctl {

// One sentence for each reason of the API; empty for an unspecified one.
std::string RemedyFor(v1::ErrorReason reason);

// The remedy for the error's reason, or, for a status that gRPC made itself, for its code. `server`
// is the address that was called. Empty where there is nothing to say.
std::string Remedy(const Error& error, const std::string& server);

}  // namespace mutexgroups::ctl
