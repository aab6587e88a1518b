#include "service/amplitude/alarm.h"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>

#include <exception>
#include <utility>

namespace mutexd::amplitude {

struct Alarm::Wait {
  MonotonicTime until;
  std::weak_ptr<const std::function<void()>> ring;
  bool over = false;
  asio::cancellation_signal cancel;
};

Alarm::~Alarm() {
  const std::shared_ptr<Wait> wait = wait_.lock();
  ring_.reset();
  if (wait != nullptr && !wait->over) wait->cancel.emit(asio::cancellation_type::terminal);
}

std::optional<MonotonicTime> Alarm::set_for() const {
  const std::shared_ptr<Wait> wait = wait_.lock();
  if (wait == nullptr || wait->over) return std::nullopt;
  return wait->until;
}

void Alarm::SetAtLatest(MonotonicTime time, Clock& clock, const asio::any_io_executor& executor) {
  if (const std::shared_ptr<Wait> former = wait_.lock(); former != nullptr && !former->over) {
    if (former->until <= time) return;
    former->over = true;
    former->cancel.emit(asio::cancellation_type::terminal);
  }
  const auto wait = std::make_shared<Wait>();
  wait->until = time;
  wait->ring = ring_;
  wait_ = wait;
  // The signal must outlive whoever listens to it.
  auto keep_signal = [wait](const std::exception_ptr&) {};
  asio::co_spawn(executor, RingAt(wait, clock),
                 asio::bind_cancellation_slot(wait->cancel.slot(), std::move(keep_signal)));
}

asio::awaitable<void> Alarm::RingAt(std::shared_ptr<Wait> wait, Clock& clock) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const bool reached = co_await clock.SleepUntil(wait->until);
  if (!reached || std::exchange(wait->over, true)) co_return;
  if (const auto ring = wait->ring.lock()) (*ring)();
}

}  // namespace mutexd::amplitude
