// The clock that never jumps, for deadlines, waits and ages; apart from clock.h, which needs
// coroutines.
#pragma once

#include <chrono>

namespace mutexd::amplitude {

using MonotonicTime = std::chrono::steady_clock::time_point;

}  // namespace mutexd::amplitude
