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

  struct Waiter;
  using Line = std::list<Waiter*>;

  // Stands in line as long as it lives, or until its turn comes.
  struct Waiter {
    Waiter(const asio::any_io_executor& executor, Line& line);
    ~Waiter();

    asio::steady_timer turn;        // cancelled when it is this waiter's turn
    std::optional<GroupLock> lock;  // set when it is
    Line& line;
    const Line::iterator place;  // until then
  };

  std::map<std::string, Line> waiters_;  // an entry for each name that is held
};

}  // namespace mutexd::groups
