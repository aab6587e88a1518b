// The credentials of a client that uses TLS. Files are checked when they are read: gRPC would only
// say later that a handshake failed.
#pragma once

#include <grpcpp/security/credentials.h>

#include <memory>

#include "mutexgroups/client_options.h"
#include "mutexgroups/result.h"

namespace mutexgroups {

// Fails with INVALID_ARGUMENT where a file cannot be read, or is not what it is given for.
Result<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const ClientOptions& options);

}  // namespace mutexgroups
