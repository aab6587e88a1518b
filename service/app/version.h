// Which build this is.
#pragma once

#include "absl/strings/string_view.h"

namespace mutexd::app {

// Such as "0.1.0".
absl::string_view VersionNumber();

// The commit that it was built from, "-dirty" where files had been changed; empty where the sources
// came without their history.
absl::string_view VersionCommit();

}  // namespace mutexd::app
