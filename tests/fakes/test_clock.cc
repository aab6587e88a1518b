#include "tests/fakes/test_clock.h"

#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace mutexd::fakes {

// Coroutines can be destroyed while they sleep.
class TestClock::Place {
 public:
  Place(std::shared_ptr<std::list<Sleeper>> sleepers, Sleeper sleeper)
      : sleepers_(std::move(sleepers)), place_(sleepers_->insert(sleepers_->end(), sleeper)) {}
  ~Place() { sleepers_->erase(place_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  const std::shared_ptr<std::list<Sleeper>> sleepers_;
  const std::list<Sleeper>::iterator place_;
};

asio::awaitable<bool> TestClock::SleepUntil(amplitude::MonotonicTime time) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return false;
  if (time <= monotonic_now_) co_return true;
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  {
    const Place place(sleepers_, Sleeper{time, &timer});
    asio::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  co_return (co_await asio::this_coro::cancellation_state).cancelled() ==
      asio::cancellation_type::none;
}

void TestClock::Advance(absl::Duration duration) {
  now_ += duration;
  monotonic_now_ += absl::ToChronoNanoseconds(duration);
  for (const Sleeper& sleeper : *sleepers_) {
    if (sleeper.until <= monotonic_now_) sleeper.timer->cancel();
  }
}

bool TestClock::AdvanceToNextSleeper() {
  const auto next = std::min_element(
      sleepers_->begin(), sleepers_->end(),
      [](const Sleeper& one, const Sleeper& other) { return one.until < other.until; });
  if (next == sleepers_->end()) return false;
  Advance(std::max(absl::FromChrono(next->until - monotonic_now_), absl::ZeroDuration()));
  return true;
}

}  // namespace mutexd::fakes
