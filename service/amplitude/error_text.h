// What Amplitude says about a failure, for people.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

inline constexpr std::size_t kMaxErrorTextBytes = 300;

// The body of an error reply of any shape (JSON with `error`, `message`, `errors` and their like,
// nested or in lists; HTML; plain text; megabytes) reduced to one line of at most
// kMaxErrorTextBytes of valid UTF-8, without control characters and secrets. Empty where the body
// says nothing.
std::string ReduceErrorText(absl::string_view body, absl::string_view key_in_use);

}  // namespace mutexd::amplitude
