#include "service/groups/staleness.h"

#include <algorithm>

namespace mutexd::groups {

absl::Duration AllowedStaleness(const GatewayOptions& options,
                                const google::protobuf::Duration* asked) {
  const absl::Duration wanted =
      asked == nullptr ? options.default_max_staleness
                       : absl::Seconds(asked->seconds()) + absl::Nanoseconds(asked->nanos());
  return std::min(wanted, options.max_staleness_limit);
}

}  // namespace mutexd::groups
