// Texts of any bytes as JSON.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::telemetry {

// Appends `text` in quotes: control characters are escaped, what is not UTF-8 is replaced.
void AppendJsonString(std::string& out, absl::string_view text);

}  // namespace mutexd::telemetry
