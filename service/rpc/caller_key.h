// The management key that a caller brings along.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/call.h"

namespace mutexd::rpc {

// The metadata that has it.
inline constexpr char kKeyMetadata[] = "x-amplitude-management-key";

// The metadata's value as a credential: 1 to 512 printable ASCII characters without spaces.
// `confidential`: nobody else could read it on its way. The error says what is wrong and how to
// mend it, and never shows the value.
absl::StatusOr<std::shared_ptr<const amplitude::Credential>> CallerKey(absl::string_view value,
                                                                       bool confidential);

}  // namespace mutexd::rpc
