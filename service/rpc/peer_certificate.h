// The caller's identity out of what gRPC knows of its connection.
#pragma once

#include <grpcpp/security/auth_context.h>

#include "service/rpc/caller_identity.h"

namespace mutexd::rpc {

// All but the listener. Of a listener that verifies certificates; gRPC would tell those that it has
// not verified alike.
CallerIdentity IdentityFromCertificate(const grpc::AuthContext& connection);

}  // namespace mutexd::rpc
