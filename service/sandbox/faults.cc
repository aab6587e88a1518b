#include "service/sandbox/faults.h"

namespace mutexd::sandbox {
namespace {

// Sums of fractions such as 0.1 come out a little under the whole.
constexpr double kRounding = 1e-9;

}  // namespace

Faults::Faults(FaultOptions options) : options_(options) {}

void Faults::Delay() {
  if (options_.latency <= absl::ZeroDuration()) return;
  std::unique_lock lock(mutex_);
  stopped_changed_.wait_for(lock, absl::ToChronoNanoseconds(options_.latency),
                            [this] { return stopped_; });
}

bool Faults::NextFails() {
  const std::lock_guard lock(mutex_);
  owed_ += options_.fail_rate;
  if (owed_ < 1 - kRounding) return false;
  owed_ -= 1;
  return true;
}

void Faults::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stopped_changed_.notify_all();
}

}  // namespace mutexd::sandbox
