// Puts together what stands between the use cases and the network.
#pragma once

#include <asio/thread_pool.hpp>

#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/amplitude_client.h"
#include "service/amplitude/backoff.h"
#include "service/amplitude/circuit.h"
#include "service/amplitude/circuit_api.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/policy_observer.h"
#include "service/amplitude/retrying_api.h"
#include "service/amplitude/upstream_observer.h"
#include "service/http/http_transport.h"

namespace mutexd::amplitude {

// All must outlive the stack.
struct AmplitudeStackParts {
  http::HttpTransport& transport;
  Clock& clock;
  KeySource& keys;
  asio::thread_pool& workers;
  UpstreamObserver& upstream_observer;
  PolicyObserver& policy_observer;
  RandomUnit random = NextRandomUnit;
};

struct AmplitudeStackOptions {
  AmplitudeClientOptions client;
  RetryOptions retry;
  CircuitOptions circuit;
};

// The one place that says in which order the decorators of AmplitudeApi stand. From the use cases
// to the network:
//
//   1. RetryingApi   makes requests again whose failure may pass
//   2. CircuitApi    fails at once while Amplitude is plainly down: within the retries, so that
//   they
//                    stop as soon as it opens
//   3. AmplitudeClient  one HTTP request for each use
class AmplitudeStack {
 public:
  AmplitudeStack(AmplitudeStackParts parts, AmplitudeStackOptions options);

  AmplitudeStack(const AmplitudeStack&) = delete;
  AmplitudeStack& operator=(const AmplitudeStack&) = delete;

  AmplitudeApi& api() { return retrying_; }

 private:
  AmplitudeClient client_;
  CircuitApi circuit_api_;
  RetryingApi retrying_;
};

}  // namespace mutexd::amplitude
