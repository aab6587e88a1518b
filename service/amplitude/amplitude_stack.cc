#include "service/amplitude/amplitude_stack.h"

#include <utility>

namespace mutexd::amplitude {

std::unique_ptr<AmplitudeApi> MakeAmplitudeStack(AmplitudeStackParts parts,
                                                 AmplitudeClientOptions options) {
  return std::make_unique<AmplitudeClient>(parts.transport, parts.clock, parts.keys, parts.workers,
                                           parts.observer, std::move(options));
}

}  // namespace mutexd::amplitude
