#include "service/amplitude/retry_budget.h"

#include <algorithm>

namespace mutexd::amplitude {

RetryBudget::RetryBudget(RetryBudgetOptions options) : options_(options), left_(options.most) {}

void RetryBudget::OnSuccess() { left_ = std::min(options_.most, left_ + options_.per_success); }

bool RetryBudget::Take() {
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

}  // namespace mutexd::amplitude
