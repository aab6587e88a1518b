// The end of a process that does not come to its end.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace mutexd::app {

// Unless the process has ended after `limit` of elapsed time, writes `last_words` to stderr and
// ends it with exit code 1: whoever waits for a service to stop must not wait for ever. Called
// once. Uses SIGALRM, and no thread.
void EndProcessAfter(absl::Duration limit, std::string last_words);

}  // namespace mutexd::app
