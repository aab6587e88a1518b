// The service config that mutexgroups publishes for its clients
// (proto/mutexgroups/v1/service_config.json), embedded when the library is built: reads are retried
// on UNAVAILABLE and RESOURCE_EXHAUSTED, writes never.
#pragma once

#include <string>

namespace mutexgroups {

// The published config as JSON without its timeouts: gRPC takes the shorter of the config's and the
// call's, and would cut off a caller who asked for longer. Every call has one of its own.
std::string ServiceConfigJson();

}  // namespace mutexgroups
