#include "service/rpc/caller_identity.h"

namespace mutexd::rpc {

std::string CallerIdentity::Name() const {
  if (!spiffe_id.empty()) return spiffe_id;
  if (!dns_names.empty()) return dns_names.front();
  if (!subject.empty()) return subject;
  return listener;
}

}  // namespace mutexd::rpc
