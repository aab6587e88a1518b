// The whole text of a small file.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace mutexd::app {

// Settings, keys and certificates: at most 1 MiB. The error is what follows the file's name in a
// sentence.
absl::StatusOr<std::string> ReadFileText(const std::string& path);

}  // namespace mutexd::app
