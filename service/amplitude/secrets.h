// Keeps keys out of texts that came from outside.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

// What stands in the place of a secret.
inline constexpr absl::string_view kRedacted = "[redacted]";

// `text` without what is, or looks like, a secret: `key_in_use` wherever it stands, management keys
// (ampex_…), bearer tokens, values that follow names such as "Authorization:" or "api_key=", and
// words that look like base64, hex or a UUID of some length. Rather a harmless word too many than a
// key too few.
std::string RemoveSecrets(absl::string_view text, absl::string_view key_in_use);

}  // namespace mutexd::amplitude
