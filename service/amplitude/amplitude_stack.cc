#include "service/amplitude/amplitude_stack.h"

#include <utility>

namespace mutexd::amplitude {

AmplitudeStack::AmplitudeStack(AmplitudeStackParts parts, AmplitudeStackOptions options)
    : client_(parts.transport, parts.clock, parts.keys, parts.workers, parts.upstream_observer,
              std::move(options.client)),
      quota_(client_, parts.keys, parts.quota),
      renewal_(quota_, parts.keys, parts.workers),
      circuit_(renewal_,
               std::make_shared<Circuit>(parts.clock, parts.random, parts.policy_observer,
                                         options.circuit),
               parts.policy_observer),
      retrying_(circuit_, parts.clock, parts.random, parts.policy_observer, options.retry),
      coalescing_(retrying_, parts.keys, own_writes_, parts.policy_observer),
      caching_(coalescing_, parts.clock, parts.keys, own_writes_, parts.policy_observer,
               options.cache) {}

}  // namespace mutexd::amplitude
