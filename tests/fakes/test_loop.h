// Runs coroutines to their end on a loop whose time stands still until nothing else can happen.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "tests/fakes/test_clock.h"

namespace mutexd::fakes {

// A coroutine under way.
template <typename T>
class Started {
 public:
  bool done() const { return result_.has_value(); }

  // What it returned; it must be done.
  T& result() { return *result_; }

  void Cancel() { cancel_.emit(asio::cancellation_type::terminal); }

 private:
  friend class TestLoop;

  std::optional<T> result_;
  asio::cancellation_signal cancel_;
};

class TestLoop {
 public:
  TestClock& clock() { return clock_; }
  asio::io_context& loop() { return loop_; }

  // Runs the coroutine until it waits for time, or for good.
  template <typename T>
  std::shared_ptr<Started<T>> Start(asio::awaitable<T> coroutine) {
    std::shared_ptr<Started<T>> started = StartLater(std::move(coroutine));
    Poll();
    return started;
  }

  // Runs the coroutine when the loop runs next.
  template <typename T>
  std::shared_ptr<Started<T>> StartLater(asio::awaitable<T> coroutine) {
    auto started = std::make_shared<Started<T>>();
    asio::co_spawn(loop_, KeepResult(std::move(coroutine), started),
                   asio::bind_cancellation_slot(started->cancel_.slot(),
                                                [started](const std::exception_ptr& thrown) {
                                                  if (thrown) std::rethrow_exception(thrown);
                                                }));
    return started;
  }

  // Runs the coroutine to its end, moving time on whenever everything waits for it.
  template <typename T>
  T Run(asio::awaitable<T> coroutine) {
    const std::shared_ptr<Started<T>> started = Start(std::move(coroutine));
    while (!started->done()) {
      if (!clock_.AdvanceToNextSleeper()) {
        std::fputs("the coroutine waits for something that never happens\n", stderr);
        std::abort();
      }
      Poll();
    }
    return std::move(started->result());
  }

  // Runs what can run now.
  void Poll() {
    loop_.restart();
    loop_.poll();
  }

  void Advance(absl::Duration duration) {
    clock_.Advance(duration);
    Poll();
  }

 private:
  template <typename T>
  static asio::awaitable<void> KeepResult(asio::awaitable<T> coroutine,
                                          std::shared_ptr<Started<T>> started) {
    co_await asio::this_coro::throw_if_cancelled(false);
    started->result_.emplace(co_await std::move(coroutine));
  }

  asio::io_context loop_;
  TestClock clock_;
};

}  // namespace mutexd::fakes
