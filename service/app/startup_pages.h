// The memory that only the start of the process needed.
#pragma once

namespace mutexd::app {

// Gives back the resident pages of code and constants, of the program and of its libraries: linking
// and initializing touch megabytes that serving never does. What is still needed comes back from
// the page cache when it is touched. Called once, when the process serves.
void ReleaseStartupPages();

}  // namespace mutexd::app
