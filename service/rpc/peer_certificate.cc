#include "service/rpc/peer_certificate.h"

#include <grpc/grpc_security_constants.h>

#include <string>

namespace mutexd::rpc {
namespace {

std::string First(const grpc::AuthContext& connection, const char* property) {
  const auto values = connection.FindPropertyValues(property);
  return values.empty() ? std::string() : std::string(values[0].data(), values[0].size());
}

}  // namespace

CallerIdentity IdentityFromCertificate(const grpc::AuthContext& connection) {
  CallerIdentity identity;
  // gRPC fills it only when the certificate has no other URI, as SPIFFE demands.
  identity.spiffe_id = First(connection, GRPC_PEER_SPIFFE_ID_PROPERTY_NAME);
  for (const grpc::string_ref& name : connection.FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME)) {
    identity.dns_names.emplace_back(name.data(), name.size());
  }
  identity.subject = First(connection, GRPC_X509_CN_PROPERTY_NAME);
  if (identity.subject.empty()) {
    identity.subject = First(connection, GRPC_X509_SUBJECT_PROPERTY_NAME);
  }
  return identity;
}

}  // namespace mutexd::rpc
