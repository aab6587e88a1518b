// Lets one write to a group through at a time, in the order of their arrival.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

#include <list>
#include <map>
#include <optional>
#include <string>

namespace mutexd::groups {

class GroupLocks;

// Holds a group's turn until it is destroyed.
class GroupLock {
 public:
  GroupLock(GroupLock&& other) noexcept;
  GroupLock& operator=(GroupLock&&) = delete;
  ~GroupLock();

 private:
  friend class GroupLocks;
  GroupLock(GroupLocks* locks, std::string name) : locks_(locks), name_(std::move(name)) {}

  GroupLocks* locks_;
  std::string name_;
};

// Used on the event loop only. Must outlive its locks.
class GroupLocks {
 public:
  // Waits for the turn of `name`. Nothing when the coroutine was cancelled meanwhile.
  asio::awaitable<std::optional<GroupLock>> Acquire(std::string name);

 private:
  friend class GroupLock;
  void Release(const std::string& name);

  struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor)
        : turn(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer turn;  // cancelled when it is this waiter's turn
    bool has_turn = false;
  };
  std::map<std::string, std::list<Waiter*>> waiters_;  // an entry for each name that is held
};

}  // namespace mutexd::groups
