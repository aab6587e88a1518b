#include "service/groups/cancellation.h"

#include <asio/this_coro.hpp>

namespace mutexd::groups {

asio::awaitable<bool> WasCancelled() {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace mutexd::groups
