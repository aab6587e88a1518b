#include "service/groups/group_locks.h"

#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace mutexd::groups {

GroupLock::GroupLock(GroupLock&& other) noexcept
    : locks_(std::exchange(other.locks_, nullptr)), name_(std::move(other.name_)) {}

GroupLock::~GroupLock() {
  if (locks_ != nullptr) locks_->Release(name_);
}

asio::awaitable<std::optional<GroupLock>> GroupLocks::Acquire(std::string name) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return std::nullopt;

  const auto [entry, was_free] = waiters_.try_emplace(name);
  if (was_free) co_return GroupLock(this, std::move(name));

  Waiter waiter(co_await asio::this_coro::executor, entry->second);
  asio::error_code ignored;
  co_await waiter.turn.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return std::move(waiter.lock);
}

GroupLocks::Waiter::Waiter(const asio::any_io_executor& executor, Line& its_line)
    : turn(executor, asio::steady_timer::time_point::max()),
      line(its_line),
      place(line.insert(line.end(), this)) {}

GroupLocks::Waiter::~Waiter() {
  if (!lock) line.erase(place);
}

void GroupLocks::Release(const std::string& name) {
  const auto entry = waiters_.find(name);
  if (entry->second.empty()) {
    waiters_.erase(entry);
    return;
  }
  Waiter* next = entry->second.front();
  entry->second.pop_front();
  next->lock.emplace(GroupLock(this, name));
  next->turn.cancel();
}

}  // namespace mutexd::groups
