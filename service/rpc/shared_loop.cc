#include "service/rpc/shared_loop.h"

#include <asio/post.hpp>

namespace mutexd::rpc {
namespace {

// Work that comes sooner after other work is one of many, and better done together with them.
constexpr std::chrono::microseconds kLonePause{100};

thread_local const SharedLoop* at_work_here = nullptr;
thread_local const SharedLoop* running_here = nullptr;

}  // namespace

SharedLoop::SharedLoop()
    : context_(std::make_unique<asio::io_context>(1)), keep_running_(context_->get_executor()) {}

SharedLoop::~SharedLoop() {
  Stop();
  std::vector<Work> dropped;
  {
    const std::lock_guard lock(mutex_);
    // What is dropped may bring more, which goes at once: coroutines' timers must go before the
    // context.
    dropping_ = true;
    dropped.swap(waiting_);
  }
  dropped.clear();
  keep_running_.reset();
  context_.reset();
}

void SharedLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  context_->stop();
}

void SharedLoop::Run() {
  running_here = this;
  context_->run();
  running_here = nullptr;
}

bool SharedLoop::IsHere() const { return at_work_here == this; }

void SharedLoop::Do(Work work) {
  {
    std::unique_lock lock(mutex_);
    if (dropping_) return;
    if (running_here == this) {
      WaitForTurn(lock);
    } else if (!IsLone()) {
      Leave(std::move(work));
      return;
    }
    waiting_.push_back(std::move(work));
    if (stopped_) return;
    at_work_ = true;
  }
  DoWhatWaits();
}

void SharedLoop::DoLater(Work work) {
  const std::lock_guard lock(mutex_);
  if (!dropping_) Leave(std::move(work));
}

bool SharedLoop::IsLone() {
  const Clock::time_point now = Clock::now();
  const Clock::duration pause = now - std::exchange(last_brought_, now);
  return pause >= kLonePause && !at_work_ && waiting_.empty();
}

void SharedLoop::Leave(Work work) {
  waiting_.push_back(std::move(work));
  if (at_work_ || stopped_ || std::exchange(fetch_posted_, true)) return;
  asio::post(*context_, [this] { Fetch(); });
}

void SharedLoop::Fetch() {
  {
    std::unique_lock lock(mutex_);
    fetch_posted_ = false;
    WaitForTurn(lock);
    if (stopped_) return;
    at_work_ = true;
  }
  DoWhatWaits();
}

void SharedLoop::WaitForTurn(std::unique_lock<std::mutex>& lock) {
  runner_waits_ = true;
  while (at_work_) turn_over_.wait(lock);
  runner_waits_ = false;
}

void SharedLoop::DoWhatWaits() {
  // Work of one loop may bring work to another one.
  const SharedLoop* const before = std::exchange(at_work_here, this);
  std::vector<Work> batch;
  for (;;) {
    batch.clear();
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty() || stopped_ || runner_waits_) {
        at_work_ = false;
        if (runner_waits_) turn_over_.notify_one();
        break;
      }
      batch.swap(waiting_);
    }
    for (Work& work : batch) std::move(work)();
  }
  at_work_here = before;
}

}  // namespace mutexd::rpc
