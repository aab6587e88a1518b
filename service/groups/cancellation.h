// Whether the running coroutine has been cancelled.
#pragma once

#include <asio/awaitable.hpp>

namespace mutexd::groups {

// A cancellation that comes while nothing is waited for is only noted: what is awaited next must
// ask, and coroutines that it starts beside itself do not inherit the note.
asio::awaitable<bool> WasCancelled();

}  // namespace mutexd::groups
