// The caller's identity out of what gRPC knows of its connection.
#pragma once

#include <grpcpp/security/auth_context.h>

#include "service/rpc/caller_identity.h"

namespace mutexd::rpc {

// All but the listener. Empty when there was no certificate, or gRPC has not verified it.
CallerIdentity IdentityFromCertificate(const grpc::AuthContext& connection);

}  // namespace mutexd::rpc
