// Reads again what may change while the service runs: now and then, and when it is asked to.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"

namespace mutexd::app {

enum class ReloadCause {
  kInterval,  // some time has passed: what has not changed is nothing to talk about
  kRequest,   // SIGHUP
};

class Reloader {
 public:
  using Reload = std::function<void(ReloadCause cause)>;

  // A change is noticed within this time.
  explicit Reloader(absl::Duration interval = absl::Seconds(5)) : interval_(interval) {}
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // Before Start. `reload` runs on the reloader's thread, in the order of being added, and may take
  // its time.
  void Add(Reload reload) { reloads_.push_back(std::move(reload)); }

  // Without anything to reload there is no thread.
  void Start();

  // Any thread; returns at once.
  void ReloadNow();

 private:
  void Run();

  const absl::Duration interval_;
  std::vector<Reload> reloads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace mutexd::app
