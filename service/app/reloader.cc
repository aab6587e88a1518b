#include "service/app/reloader.h"

#include <utility>

namespace mutexd::app {

void Reloader::Start() {
  if (!reloads_.empty()) thread_ = std::thread([this] { Run(); });
}

Reloader::~Reloader() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Reloader::ReloadNow() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  changed_.notify_all();
}

void Reloader::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait_for(lock, absl::ToChronoMicroseconds(interval_),
                      [this] { return requested_ || ending_; });
    if (ending_) return;
    const bool requested = std::exchange(requested_, false);
    lock.unlock();
    for (const Reload& reload : reloads_) {
      reload(requested ? ReloadCause::kRequest : ReloadCause::kInterval);
    }
    lock.lock();
  }
}

}  // namespace mutexd::app
