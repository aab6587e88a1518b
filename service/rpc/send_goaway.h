// Telling clients to go elsewhere while they are still served.
#pragma once

#include <grpcpp/server.h>

namespace mutexd::rpc {

// Sends a graceful GOAWAY on every connection of the server: clients begin no more calls there, and
// those that they have begun before they learn of it are taken and answered. Returns when it is on
// its way. gRPC does so only as it shuts down, and then cancels such calls. False where gRPC offers
// no way to it.
bool SendGoaway(grpc::Server& server);

}  // namespace mutexd::rpc
