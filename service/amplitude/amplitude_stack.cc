#include "service/amplitude/amplitude_stack.h"

#include <utility>

namespace mutexd::amplitude {

AmplitudeStack::AmplitudeStack(AmplitudeStackParts parts, AmplitudeStackOptions options)
    : client_(parts.transport, parts.clock, parts.keys, parts.workers, parts.upstream_observer,
              std::move(options.client)),
      circuit_api_(client_,
                   std::make_shared<Circuit>(parts.clock, parts.random, parts.policy_observer,
                                             options.circuit),
                   parts.policy_observer),
      retrying_(circuit_api_, parts.clock, parts.random, parts.policy_observer, options.retry) {}

}  // namespace mutexd::amplitude
