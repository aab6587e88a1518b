#include "service/amplitude/key_source.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "service/amplitude/error.h"

namespace mutexd::amplitude {

absl::StatusOr<std::shared_ptr<const Credential>> NoServiceKey::CurrentKey() {
  return MakeError(absl::StatusCode::kUnauthenticated, v1::ERROR_REASON_CALLER_NOT_AUTHENTICATED,
                   "the service has no management key of its own, and the call brought none");
}

absl::StatusOr<std::shared_ptr<const Credential>> CredentialOf(const Call& call, KeySource& keys) {
  if (call.credential != nullptr) return call.credential;
  return keys.CurrentKey();
}

std::uint64_t Fingerprint(const Credential& credential) {
  return XXH3_64bits(credential.management_key.data(), credential.management_key.size());
}

}  // namespace mutexd::amplitude
