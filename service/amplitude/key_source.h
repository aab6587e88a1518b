// Where the service's own management key comes from.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "service/amplitude/call.h"

namespace mutexd::amplitude {

class KeySource {
 public:
  virtual ~KeySource() = default;

  // The key of the moment, never null, or the error with which calls fail while there is none.
  // Called on the event loop before each request, so it must not block.
  virtual absl::StatusOr<std::shared_ptr<const Credential>> CurrentKey() = 0;

  // Looks at once, by means of `workers`, whether there is another key; CurrentKey gives it then.
  // For when Amplitude has rejected the key. A source that never changes need not look.
  virtual asio::awaitable<void> Renew(asio::thread_pool& /*workers*/) { co_return; }
};

// Has no key: each caller brings its own.
class NoServiceKey final : public KeySource {
 public:
  absl::StatusOr<std::shared_ptr<const Credential>> CurrentKey() override;
};

// A key that does not change.
class FixedKey final : public KeySource {
 public:
  explicit FixedKey(std::string management_key)
      : credential_(std::make_shared<const Credential>(Credential{std::move(management_key)})) {}

  absl::StatusOr<std::shared_ptr<const Credential>> CurrentKey() override { return credential_; }

 private:
  std::shared_ptr<const Credential> credential_;
};

// The key that a request of `call` would be made with now.
absl::StatusOr<std::shared_ptr<const Credential>> CredentialOf(const Call& call, KeySource& keys);

// Tells keys apart without telling them: XXH3 of the key. What is kept per key (cached answers,
// budgets) is found by it; it may be stored.
std::uint64_t Fingerprint(const Credential& credential);

}  // namespace mutexd::amplitude
