// How far this process has written: what tells answers that may be older than its own last write.
#pragma once

#include <cstdint>

namespace mutexd::amplitude {

// Advances when a write begins, when it ends, and when a read after it has shown what became of it.
// An answer that was asked for before the last advance may be older than that write.
class OwnWrites {
 public:
  std::uint64_t position() const { return position_; }
  void Advance() { ++position_; }

 private:
  std::uint64_t position_ = 0;
};

}  // namespace mutexd::amplitude
