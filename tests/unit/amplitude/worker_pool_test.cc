#include "service/amplitude/worker_pool.h"

#include <gtest/gtest.h>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace mutexd::amplitude {
namespace {

TEST(WorkerPool, RunsOnThePoolAndResumesOnTheLoop) {
  asio::thread_pool pool(2);
  asio::io_context loop;
  std::thread::id worked_on, resumed_on;
  std::unique_ptr<int> result;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        auto work = [&worked_on, given = std::make_unique<int>(41)] {
          worked_on = std::this_thread::get_id();
          return std::make_unique<int>(*given + 1);
        };
        result = co_await RunOnPool(pool, std::move(work));
        resumed_on = std::this_thread::get_id();
      },
      [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
  loop.run();  // ends only when the coroutine has
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(*result, 42);
  EXPECT_NE(worked_on, std::this_thread::get_id());
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

TEST(WorkerPool, ManyCoroutinesShareIt) {
  asio::thread_pool pool(2);
  asio::io_context loop;
  int sum = 0;
  for (int i = 0; i < 200; ++i) {
    asio::co_spawn(
        loop,
        [&pool, &sum, i]() -> asio::awaitable<void> {
          sum += co_await RunOnPool(pool, [i] { return i; });
        },
        [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
  }
  loop.run();
  EXPECT_EQ(sum, 199 * 200 / 2);
}

TEST(WorkerPool, ACancelledCoroutineStillWaitsForItsWork) {
  asio::thread_pool pool(1);
  asio::io_context loop;
  asio::cancellation_signal cancel;
  std::promise<void> started, may_end;
  std::optional<int> result;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        result = co_await RunOnPool(pool, [&] {
          started.set_value();
          may_end.get_future().wait();
          return 7;
        });
      },
      asio::bind_cancellation_slot(cancel.slot(),
                                   [](std::exception_ptr failure) { EXPECT_FALSE(failure); }));
  loop.poll();
  started.get_future().wait();
  cancel.emit(asio::cancellation_type::all);
  loop.poll();
  EXPECT_EQ(result, std::nullopt);
  may_end.set_value();
  loop.run();
  EXPECT_EQ(result, 7);
}

}  // namespace
}  // namespace mutexd::amplitude
