#include "service/groups/group_locks.h"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <list>
#include <map>
#include <utility>

#include "service/groups/cancellation.h"

namespace mutexd::groups {

// Who waits for which name.
class GroupLock::Lines {
 public:
  struct Waiter;
  using Line = std::list<Waiter*>;

  // Stands in line as long as it lives, or until its turn comes: coroutines can be destroyed while
  // they wait.
  struct Waiter {
    Waiter(const asio::any_io_executor& executor, Line& its_line)
        : turn(executor, asio::steady_timer::time_point::max()),
          line(its_line),
          place(line.insert(line.end(), this)) {}
    ~Waiter() {
      if (!lock) line.erase(place);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    asio::steady_timer turn;        // cancelled when it is this waiter's turn
    std::optional<GroupLock> lock;  // set when it is
    Line& line;
    const Line::iterator place;  // until then
  };

  // The line of `name`, which is held from now on; null when it was free.
  Line* Join(const std::string& name) {
    const auto [entry, was_free] = lines_.try_emplace(name);
    return was_free ? nullptr : &entry->second;
  }

  // Passes the turn on to the next in line. `lines` is this.
  void Release(const std::string& name, const std::shared_ptr<Lines>& lines) {
    const auto entry = lines_.find(name);
    if (entry->second.empty()) {
      lines_.erase(entry);
      return;
    }
    Waiter* next = entry->second.front();
    entry->second.pop_front();
    next->lock.emplace(GroupLock(lines, name));
    next->turn.cancel();
  }

 private:
  std::map<std::string, Line> lines_;  // an entry for each name that is held
};

GroupLock::GroupLock(std::shared_ptr<Lines> lines, std::string name)
    : lines_(std::move(lines)), name_(std::move(name)) {}

GroupLock::~GroupLock() {
  if (lines_ != nullptr) lines_->Release(name_, lines_);
}

GroupLocks::GroupLocks() : lines_(std::make_shared<GroupLock::Lines>()) {}

asio::awaitable<std::optional<GroupLock>> GroupLocks::Acquire(std::string name) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (co_await WasCancelled()) co_return std::nullopt;

  const std::shared_ptr<GroupLock::Lines> lines = lines_;
  GroupLock::Lines::Line* line = lines->Join(name);
  if (line == nullptr) co_return GroupLock(lines, std::move(name));

  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  GroupLock::Lines::Waiter waiter(executor, *line);
  asio::error_code ignored;
  co_await waiter.turn.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return std::move(waiter.lock);
}

}  // namespace mutexd::groups
