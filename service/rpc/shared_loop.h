// An event loop whose work any thread may do, one at a time.
#pragma once

#include <asio/execution.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"

namespace mutexd::rpc {

// What runs by executor() never runs twice at the same time, so its state needs no lock. Most of it
// is done by the thread in Run(), to which timers and sockets come. But a thread that brings a lone
// piece of work, with nobody at work and none brought just before, does it itself before it goes on
// with its own affairs: a call that can be answered, or sent on to Amplitude, at once needs no
// other thread to wake up, which takes longer than the work. Work that comes thick is left to the
// thread in Run(), which does it together. Only that one ever waits, for its turn.
class SharedLoop {
 public:
  // An executor in Asio's sense. dispatch() with it may run the work before it returns; post()
  // never does.
  class Executor;

  SharedLoop();
  ~SharedLoop();  // drops what waits; nobody may bring work any more but what is dropped
  SharedLoop(const SharedLoop&) = delete;
  SharedLoop& operator=(const SharedLoop&) = delete;

  Executor executor();

  // Returns after Stop(). For one thread.
  void Run();

  // Any thread. No work is begun any more.
  void Stop();

 private:
  using Work = absl::AnyInvocable<void() &&>;
  using Clock = std::chrono::steady_clock;

  // Whether this thread is the one at work.
  bool IsHere() const;

  void Do(Work work);       // now, or by somebody else
  void DoLater(Work work);  // by the one at work, or by the thread in Run()
  void Fetch();             // by the thread in Run(): what was left to it
  void DoWhatWaits();       // by the one at work, whose turn ends with it

  bool IsLone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Leave(Work work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitForTurn(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable turn_over_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool dropping_ ABSL_GUARDED_BY(mutex_) = false;
  bool at_work_ ABSL_GUARDED_BY(mutex_) = false;
  bool runner_waits_ ABSL_GUARDED_BY(mutex_) = false;  // the thread in Run(), for its turn
  bool fetch_posted_ ABSL_GUARDED_BY(mutex_) = false;
  Clock::time_point last_brought_ ABSL_GUARDED_BY(mutex_);
  std::vector<Work> waiting_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<asio::io_context> context_;
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_;
};

class SharedLoop::Executor {
 public:
  template <typename Function>
  void execute(Function&& function) const {
    if (blocking_ == asio::execution::blocking.never) {
      loop_->DoLater(std::forward<Function>(function));
    } else if (loop_->IsHere()) {
      std::decay_t<Function> here(std::forward<Function>(function));
      std::move(here)();
    } else {
      loop_->Do(std::forward<Function>(function));
    }
  }

  asio::io_context& query(asio::execution::context_t) const noexcept { return *loop_->context_; }
  asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
    return blocking_;
  }
  Executor require(asio::execution::blocking_t::never_t blocking) const noexcept {
    return Executor(*loop_, blocking);
  }
  Executor require(asio::execution::blocking_t::possibly_t blocking) const noexcept {
    return Executor(*loop_, blocking);
  }

  friend bool operator==(const Executor& one, const Executor& other) noexcept {
    return one.loop_ == other.loop_ && one.blocking_ == other.blocking_;
  }
  friend bool operator!=(const Executor& one, const Executor& other) noexcept {
    return !(one == other);
  }

 private:
  friend class SharedLoop;

  Executor(SharedLoop& loop, asio::execution::blocking_t blocking)
      : loop_(&loop), blocking_(blocking) {}

  SharedLoop* loop_;
  asio::execution::blocking_t blocking_;
};

inline SharedLoop::Executor SharedLoop::executor() {
  return Executor(*this, asio::execution::blocking.possibly);
}

}  // namespace mutexd::rpc
