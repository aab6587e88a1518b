#include "service/rpc/deadline_budget.h"

#include <algorithm>

namespace mutexd::rpc {

absl::Duration WorkTime(absl::Duration time_left) {
  const absl::Duration reserve =
      std::clamp(time_left / 10, absl::Milliseconds(20), absl::Milliseconds(200));
  return std::max(time_left - reserve, absl::ZeroDuration());
}

}  // namespace mutexd::rpc
