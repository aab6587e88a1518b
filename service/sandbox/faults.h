// The difficulties that the emulator can make for a client under development.
#pragma once

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace mutexd::sandbox {

struct FaultOptions {
  absl::Duration latency;  // before every reply
  double fail_rate = 0;    // the share of requests, 0 to 1, that are answered 503 without effect
};

// Thread-safe.
class Faults {
 public:
  explicit Faults(FaultOptions options);

  // Waits out the latency; returns early once stopped.
  void Delay();

  // Whether this request is one of those to fail. Evenly spread and the same on every run: of a
  // rate of 0.25, each fourth.
  bool NextFails();

  // Wakes all who wait, now and later.
  void Stop();

 private:
  const FaultOptions options_;
  std::mutex mutex_;
  std::condition_variable stopped_changed_;
  bool stopped_ = false;
  double owed_ = 0;  // failures, in fractions
};

}  // namespace mutexd::sandbox
