// Keeps retries from making an outage worse: only so many are paid for by earlier successes.
#pragma once

namespace mutexd::amplitude {

struct RetryBudgetOptions {
  double most = 100;         // retries that may be saved up; so many are there at the start
  double per_success = 0.2;  // what a request that did not fail adds
};

// A token bucket.
class RetryBudget {
 public:
  explicit RetryBudget(RetryBudgetOptions options = {});

  void OnSuccess();

  // Takes one retry, if one is left.
  bool Take();

 private:
  RetryBudgetOptions options_;
  double left_;
};

}  // namespace mutexd::amplitude
