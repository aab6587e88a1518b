// HttpTransport by libcurl's multi interface on an Asio event loop, with HTTP/2 by nghttp2.
//
// HTTP/2 where TLS's ALPN agrees on it, its requests multiplexed over one connection; HTTP/1.1
// otherwise, and always without TLS, for a fresh connection, and by way of a proxy that is reached
// by TLS itself. Certificate and host are always verified, TLS is 1.2 at least.
// Unless the options name one, proxies come from the environment (http_proxy, https_proxy,
// all_proxy, no_proxy) as curl has them. Redirects are not followed, cookies not kept.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "service/http/http_observer.h"
#include "service/http/http_transport.h"

namespace mutexd::http {

struct CurlTransportOptions {
  // PEM file of the authorities to trust in place of the system's. Empty: the system's.
  std::string ca_file;

  // URL of an HTTP proxy for every request, whatever the environment says. Empty: as it says.
  std::string proxy;

  std::string user_agent = "mutexd";

  // Cap of name resolution, TCP, proxy and TLS together; a request that ends here was not sent
  // (kTimeout). A shorter HttpRequest::timeout goes first.
  absl::Duration connect_timeout = absl::Seconds(5);

  // Connections per host, by what it speaks. HTTP/2 opens the second only when the first has no
  // streams left; requests that find all taken wait. Requests with fresh_connection are not counted
  // and do not wait.
  int max_http2_connections = 2;
  int max_http1_connections = 16;

  // A connection idle for this long is not used again, and closed where it speaks HTTP/2. Peers
  // close theirs sooner or later; one that was closed is noticed before it is used.
  absl::Duration max_connection_idle = absl::Minutes(5);

  // Nor is one this old, however busy, so that changes in DNS are followed.
  absl::Duration max_connection_age = absl::Minutes(10);

  // After this long without traffic TCP keepalive probes start, and repeat as often; over HTTP/2 a
  // ping is sent as well, and a connection whose peer has not answered it after as long again is
  // given up. Zero: neither.
  absl::Duration keepalive = absl::Seconds(20);

  // A connection whose peer leaves data without acknowledgement for this long is given up: without
  // it, a peer that vanished would hold an HTTP/2 connection, and every request on it, for minutes.
  absl::Duration unacknowledged_timeout = absl::Seconds(15);
};

// Lives on one thread: that of `loop`, which must outlive it, runs on one thread only, and is where
// Send is awaited. Destroying the transport ends the transfers under way with kCancelled. The
// process should ignore SIGPIPE, as every server does.
class CurlTransport final : public HttpTransport {
 public:
  // `observer` may be null; otherwise it must outlive the transport.
  CurlTransport(const asio::any_io_executor& loop, CurlTransportOptions options,
                HttpObserver* observer = nullptr);
  ~CurlTransport() override;

  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  asio::awaitable<HttpResult> Send(HttpRequest request) override;

 private:
  class Core;

  std::shared_ptr<Core> core_;  // shared with the coroutines under way
};

}  // namespace mutexd::http
