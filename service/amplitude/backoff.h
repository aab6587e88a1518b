// How long to wait before a failed request is made again.
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace mutexd::amplitude {

// A number in [0, 1); injected, so that tests know the waits.
using RandomUnit = std::function<double()>;

// A random source of this thread.
double NextRandomUnit();

struct BackoffOptions {
  absl::Duration first = absl::Milliseconds(200);  // the longest that the first wait may be
  absl::Duration longest = absl::Seconds(5);       // and any later one
};

// Exponential back-off with full jitter: wait n is anything between nothing and `first` doubled n
// times, so that those who failed together do not come back together.
class Backoff {
 public:
  explicit Backoff(RandomUnit random, BackoffOptions options = {});

  absl::Duration Next();

 private:
  RandomUnit random_;
  BackoffOptions options_;
  absl::Duration ceiling_;
};

}  // namespace mutexd::amplitude
