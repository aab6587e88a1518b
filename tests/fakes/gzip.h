// Compresses bodies for servers that answer with Content-Encoding: gzip.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::fakes {

std::string Gzip(absl::string_view plain);

}  // namespace mutexd::fakes
