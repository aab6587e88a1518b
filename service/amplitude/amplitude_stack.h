// Puts together what stands between the use cases and the network.
#pragma once

#include <asio/thread_pool.hpp>

#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/amplitude_client.h"
#include "service/amplitude/backoff.h"
#include "service/amplitude/caching_api.h"
#include "service/amplitude/circuit.h"
#include "service/amplitude/circuit_api.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/coalescing_api.h"
#include "service/amplitude/key_renewal_api.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/own_writes.h"
#include "service/amplitude/policy_observer.h"
#include "service/amplitude/quota.h"
#include "service/amplitude/quota_api.h"
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
  QuotaBook& quota;
  RandomUnit random = NextRandomUnit;
};

struct AmplitudeStackOptions {
  AmplitudeClientOptions client;
  RetryOptions retry;
  CircuitOptions circuit;
  CacheOptions cache;
};

// The one place that says in which order the decorators of AmplitudeApi stand. From the use cases
// to the network:
//
//   1. CachingApi       answers reads that may be old; sees every write, so that nothing older than
//   an
//                       own write is ever answered
//   2. CoalescingApi    lets equal reads share one request: one, with all its retries
//   3. RetryingApi      makes requests again whose failure may pass
//   4. CircuitApi       fails at once while Amplitude is plainly down: within the retries, so that
//                       they stop as soon as it opens
//   5. KeyRenewalApi    makes a request again whose key was rejected, if there is a new one
//   6. QuotaApi         lets each request start when its quota allows, or refuses it: within the
//                       retries, so that each counts, and behind the circuit, so that what is not
//                       sent costs nothing
//   7. AmplitudeClient  one HTTP request for each use
class AmplitudeStack {
 public:
  AmplitudeStack(AmplitudeStackParts parts, AmplitudeStackOptions options);

  AmplitudeStack(const AmplitudeStack&) = delete;
  AmplitudeStack& operator=(const AmplitudeStack&) = delete;

  AmplitudeApi& api() { return caching_; }

 private:
  OwnWrites own_writes_;
  AmplitudeClient client_;
  QuotaApi quota_;
  KeyRenewalApi renewal_;
  CircuitApi circuit_;
  RetryingApi retrying_;
  CoalescingApi coalescing_;
  CachingApi caching_;
};

}  // namespace mutexd::amplitude
