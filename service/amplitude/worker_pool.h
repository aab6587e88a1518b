// Runs a function on a pool of threads for a coroutine that lives on an event loop.
#pragma once

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include <type_traits>
#include <utility>

namespace mutexd::amplitude {

// Runs `work` on `pool` and resumes the coroutine on its own executor with what `work` returned.
// The coroutine itself never moves: its cancellation slot belongs to the loop. It waits for the
// work even when it is cancelled. The pool must be joined before the loop is destroyed. A `work`
// that owns something must be moved from a variable: g++ 12 releases twice what a closure owns that
// is a temporary of a co_await expression.
template <typename Work>
asio::awaitable<std::invoke_result_t<Work&>> RunOnPool(asio::thread_pool& pool, Work work) {
  using Result = std::invoke_result_t<Work&>;
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  // The loop must not run out of work, and end, meanwhile.
  auto keep_loop = asio::prefer(loop, asio::execution::outstanding_work.tracked);
  auto start = [&pool, keep_loop](auto handler, Work given) {
    asio::post(pool, [handler = std::move(handler), given = std::move(given), keep_loop]() mutable {
      asio::post(keep_loop, [handler = std::move(handler), result = given()]() mutable {
        std::move(handler)(std::move(result));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Result)>(
      std::move(start), asio::use_awaitable, std::move(work));
}

}  // namespace mutexd::amplitude
