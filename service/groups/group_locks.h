// Lets one write to a group through at a time, in the order of their arrival.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace mutexd::groups {

// Holds a group's turn until it is destroyed.
class GroupLock {
 public:
  GroupLock(GroupLock&& other) noexcept = default;
  GroupLock& operator=(GroupLock&&) = delete;
  ~GroupLock();

 private:
  friend class GroupLocks;
  class Lines;

  GroupLock(std::shared_ptr<Lines> lines, std::string name);

  std::shared_ptr<Lines> lines_;  // null once moved from
  std::string name_;
};

// Used on the event loop only. Locks, and those who wait for one, may outlive it.
class GroupLocks {
 public:
  GroupLocks();

  // Waits for the turn of `name`. Nothing when the coroutine was cancelled meanwhile.
  asio::awaitable<std::optional<GroupLock>> Acquire(std::string name);

 private:
  std::shared_ptr<GroupLock::Lines> lines_;
};

}  // namespace mutexd::groups
