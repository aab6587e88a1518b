// One request's turn: it asks the quota for leave, waits where it must, and holds its permit until
// the request has ended.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

#include <memory>

#include "absl/status/status.h"
#include "service/amplitude/call.h"
#include "service/amplitude/fair_queue.h"
#include "service/amplitude/key_quota.h"
#include "service/amplitude/monotonic_time.h"
#include "service/amplitude/second_window.h"

namespace mutexd::amplitude {

// Lives as long as the request. Coroutines that have one may be destroyed at any time, also after
// the book.
class QuotaTurn : public FairQueue::Waiter {
 public:
  // Asks at once. `call` must outlive the turn.
  QuotaTurn(std::shared_ptr<KeyQuota> quota, Call& call, bool from_caller);
  ~QuotaTurn();

  // Whether Wait must be awaited before the request may start. Mostly not.
  bool must_wait() const;

  // Waits for the turn. One that is cancelled leaves the queue at once.
  asio::awaitable<void> Wait();

  // OK: the request may start. Otherwise why not.
  const absl::Status& status() const { return status_; }

  // Further requests that were made in the same turn.
  void CountMore(int requests);

  // What became of the request: where Amplitude refused it as one too many, others must wait.
  void Heed(const absl::Status& result);

 private:
  friend class KeyQuota;

  enum class State { kRefused, kWaiting, kUnderWay };

  const std::shared_ptr<KeyQuota> quota_;
  Call& call_;
  const bool from_caller_;
  MonotonicTime asked_at_;
  State state_ = State::kRefused;
  absl::Status status_;
  SecondWindow::Permit permit_ = 0;     // while under way
  asio::steady_timer* wake_ = nullptr;  // cancelled when the waiting is over
};

}  // namespace mutexd::amplitude
