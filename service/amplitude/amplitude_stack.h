// Puts together what stands between the use cases and the network.
#pragma once

#include <asio/thread_pool.hpp>

#include <memory>

#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/amplitude_client.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/upstream_observer.h"
#include "service/http/http_transport.h"

namespace mutexd::amplitude {

// All must outlive the stack.
struct AmplitudeStackParts {
  http::HttpTransport& transport;
  Clock& clock;
  KeySource& keys;
  asio::thread_pool& workers;
  UpstreamObserver& observer;
};

// The one place that says in which order decorators of AmplitudeApi stand. From the use cases to
// the network:
//   1. AmplitudeClient: one HTTP request for each use; tells the observer of every request.
std::unique_ptr<AmplitudeApi> MakeAmplitudeStack(AmplitudeStackParts parts,
                                                 AmplitudeClientOptions options);

}  // namespace mutexd::amplitude
