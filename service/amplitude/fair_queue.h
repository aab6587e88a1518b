// Who waits, and whose turn is next: each share gets one in turn.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace mutexd::amplitude {

// Round robin over shares, in the order of arrival within a share, so that a share with much to do
// holds nobody up. A share that waits for nothing costs nothing.
class FairQueue {
  struct Line;

 public:
  // What stands in the queue. Must leave it before it is destroyed.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   protected:
    ~Waiter() = default;

   private:
    friend class FairQueue;

    Line* line_ = nullptr;  // null: not in the queue
    std::list<Waiter*>::iterator place_;
  };

  FairQueue() = default;
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // At the end of its share.
  void Join(Waiter& waiter, const std::string& share);

  // Wherever it stands.
  void Leave(Waiter& waiter);

  // Whose turn it is; null when nobody waits.
  Waiter* first() const;

  // Takes out whose turn it is; the next turn is another share's. Somebody must wait.
  void PopFirst();

  // How many turns there are before that of a newcomer of this share, if nobody else comes. Takes
  // time by the number of shares that wait.
  std::size_t TurnsBefore(const std::string& share) const;

  // All in the order of their turns.
  std::vector<Waiter*> InOrder() const;

 private:
  using Rotation = std::list<Line>;

  struct Line {
    std::string share;
    std::list<Waiter*> waiters;  // never empty
    Rotation::iterator place;
  };

  Rotation rotation_;  // the shares that wait; the first one's turn is next
  std::unordered_map<std::string, Rotation::iterator> lines_;
  std::size_t size_ = 0;
};

}  // namespace mutexd::amplitude
