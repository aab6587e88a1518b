// Amplitude as the emulator's endpoints behind a network that takes time, loses replies and has
// outages, all on a clock that a test moves.
#pragma once

#include <asio/awaitable.hpp>

#include <cstdint>
#include <deque>
#include <random>
#include <string>

#include "absl/time/time.h"
#include "service/amplitude/clock.h"
#include "service/http/http_transport.h"
#include "service/sandbox/access_keys.h"
#include "service/sandbox/endpoints.h"
#include "service/sandbox/group_store.h"
#include "service/sandbox/quota_windows.h"

namespace mutexd::simulation {

// Amplitude's documented limits, counted as strictly as they can be read: in any one second, and on
// each UTC day, the moment when a request arrives.
class SimulatedAmplitude final : public http::HttpTransport {
 public:
  struct Options {
    std::int64_t per_second = 100;
    std::int64_t per_day = 100'000;
    double lost_before = 0.002;  // of the requests are lost on their way
    double lost_after = 0.002;   // of the replies are lost on theirs
    double unavailable = 0.002;  // of the requests are answered 503
    absl::Time outage_begin = absl::InfiniteFuture();
    absl::Duration outage = absl::Minutes(10);
  };

  SimulatedAmplitude(amplitude::Clock& clock, Options options, std::uint64_t seed);

  asio::awaitable<http::HttpResult> Send(http::HttpRequest request) override;

  sandbox::GroupStore& store() { return store_; }

  // -- what it saw

  std::int64_t requests = 0;           // that arrived
  std::int64_t limited = 0;            // of them, answered 429
  std::int64_t refused_in_outage = 0;  // attempts that did not arrive
  std::int64_t lost = 0;               // requests and replies
  std::int64_t most_in_a_second = 0;
  std::int64_t most_in_a_day = 0;

 private:
  bool InOutage() const;
  bool Chance(double probability);
  asio::awaitable<bool> Travel();
  bool Admit();
  http::HttpResult Answer(const http::HttpRequest& request);

  amplitude::Clock& clock_;
  const Options options_;
  std::mt19937_64 random_;
  std::deque<amplitude::MonotonicTime> last_second_;
  std::int64_t day_ = 0;
  std::int64_t in_day_ = 0;
  int salts_ = 0;
  sandbox::AccessKeys keys_{{}};
  sandbox::QuotaWindows no_quota_{{.per_second = 0, .per_day = 0}, absl::Now};
  sandbox::GroupStore store_;
  sandbox::Endpoints endpoints_{{}, keys_, no_quota_, store_};
};

}  // namespace mutexd::simulation
