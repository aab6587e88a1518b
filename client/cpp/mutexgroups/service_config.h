// The service config that mutexgroups publishes for its clients
// (proto/mutexgroups/v1/service_config.json), embedded when the library is built: reads are retried
// on UNAVAILABLE and RESOURCE_EXHAUSTED, writes never.
#pragma once

#include <string>
#include <string_view>

namespace mutexgroups {

// The published config for a channel to the server, as JSON. Without its timeouts: gRPC takes the
// shorter of the config's and the call's, and would cut off a caller who asked for longer. Every
// call has one of its own. And without round robin unless the server is given as a name (`dns:…`):
// it connects again and again, ever more seldom, while a server is away, and fails calls between
// two attempts, where a channel of one address is idle and connects when it is called.
std::string ServiceConfigJson(std::string_view server);

}  // namespace mutexgroups
