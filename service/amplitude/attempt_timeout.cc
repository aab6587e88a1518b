#include "service/amplitude/attempt_timeout.h"

#include <algorithm>

namespace mutexd::amplitude {
namespace {

constexpr absl::Duration kEnoughForASlowReply = absl::Seconds(2);

}  // namespace

absl::Duration AttemptTimeout(absl::Duration cap, absl::Duration time_left) {
  return std::min(cap, std::max(time_left / 2, std::min(time_left, kEnoughForASlowReply)));
}

}  // namespace mutexd::amplitude
