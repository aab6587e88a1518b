#include "service/amplitude/fair_queue.h"

#include <algorithm>
#include <utility>

namespace mutexd::amplitude {

void FairQueue::Join(Waiter& waiter, const std::string& share) {
  const auto [entry, is_new] = lines_.try_emplace(share);
  if (is_new) {
    entry->second = rotation_.insert(rotation_.end(), Line{share, {}, {}});
    entry->second->place = entry->second;
  }
  Line& line = *entry->second;
  waiter.line_ = &line;
  waiter.place_ = line.waiters.insert(line.waiters.end(), &waiter);
  ++size_;
}

void FairQueue::Leave(Waiter& waiter) {
  Line& line = *std::exchange(waiter.line_, nullptr);
  line.waiters.erase(waiter.place_);
  --size_;
  if (!line.waiters.empty()) return;
  lines_.erase(line.share);
  rotation_.erase(line.place);
}

FairQueue::Waiter* FairQueue::first() const {
  return empty() ? nullptr : rotation_.front().waiters.front();
}

void FairQueue::PopFirst() {
  const bool goes_on = rotation_.front().waiters.size() > 1;
  Leave(*first());
  if (goes_on) rotation_.splice(rotation_.end(), rotation_, rotation_.begin());
}

std::size_t FairQueue::TurnsBefore(const std::string& share) const {
  const auto entry = lines_.find(share);
  if (entry == lines_.end()) return rotation_.size();
  const std::size_t own = entry->second->waiters.size();
  std::size_t turns = own;
  std::size_t round = own + 1;  // those before it in the rotation have had so many turns by then
  for (const Line& line : rotation_) {
    if (&line == &*entry->second) {
      round = own;
    } else {
      turns += std::min(line.waiters.size(), round);
    }
  }
  return turns;
}

std::vector<FairQueue::Waiter*> FairQueue::InOrder() const {
  struct Rest {
    std::list<Waiter*>::const_iterator next;
    std::list<Waiter*>::const_iterator end;
  };
  std::vector<Rest> rests;
  for (const Line& line : rotation_) rests.push_back({line.waiters.begin(), line.waiters.end()});
  std::vector<Waiter*> ordered;
  ordered.reserve(size_);
  while (!rests.empty()) {
    for (Rest& rest : rests) ordered.push_back(*rest.next++);
    rests.erase(std::remove_if(rests.begin(), rests.end(),
                               [](const Rest& rest) { return rest.next == rest.end; }),
                rests.end());
  }
  return ordered;
}

}  // namespace mutexd::amplitude
