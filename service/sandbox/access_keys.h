// Which management keys the emulator knows.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mutexd::sandbox {

enum class KeyState {
  kValid,
  kRevoked,       // 401
  kOtherProject,  // 403: the key has no access to the environment
};

struct AccessKey {
  std::string key;
  KeyState state = KeyState::kValid;
};

// Reads "KEY" or "KEY=valid|revoked|other-project". INVALID_ARGUMENT otherwise.
absl::StatusOr<AccessKey> ParseAccessKey(absl::string_view text);

// What an Authorization header is worth.
struct AccessGranted {
  std::string key;
};
struct AccessRefused {
  int status = 0;  // 401 or 403
  std::string message;
};
using Access = std::variant<AccessGranted, AccessRefused>;

class AccessKeys {
 public:
  // Without any key, every one that begins with "ampex_" and goes on is valid, as Amplitude's
  // management keys do.
  explicit AccessKeys(std::vector<AccessKey> keys);

  // `authorization` is the header's value, empty when it is absent.
  Access Check(absl::string_view authorization) const;

 private:
  const std::vector<AccessKey> keys_;
};

}  // namespace mutexd::sandbox
