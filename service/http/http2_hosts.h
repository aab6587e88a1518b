// The HTTP/2 connections to each host. Internal to this folder.
#pragma once

#include <asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/http/curl_loop.h"
#include "service/http/http2_connection.h"

namespace mutexd::http {

// Opens a connection to a host when first needed, another one when the peer allows no more streams
// on it, and leaves those that are too old, were idle for too long, or seem dead: what is under way
// stays there. All on the thread of the loop.
class Http2Hosts {
 public:
  // `options` must outlive this.
  Http2Hosts(const asio::any_io_executor& loop, const CurlTransportOptions& options);

  // Whether a request may go by HTTP/2: by TLS, to a host that has not said otherwise, and past no
  // proxy that is reached by TLS itself.
  bool MaySpeakHttp2(const HttpRequest& request) const;

  // Begins the stream. Whoever holds the connection takes it back from there.
  std::shared_ptr<Http2Connection> Begin(Http2Stream& stream);

  // The host of the request speaks HTTP/1.1 only; asked again after max_connection_age.
  void OnHttp1(const HttpRequest& request);

  // Ends all streams.
  void Close();

 private:
  using TimePoint = Http2Connection::TimePoint;

  struct Host {
    std::vector<std::shared_ptr<Http2Connection>> connections;  // also those that were left
    TimePoint http1_until{};
  };

  void LeaveWorn(Host& host) const;
  std::shared_ptr<Http2Connection> Choose(const Host& host) const;

  const asio::any_io_executor loop_;
  const CurlTransportOptions& options_;
  const std::shared_ptr<CurlLoop> curl_;
  const bool proxy_speaks_tls_;
  bool closed_ = false;
  std::unordered_map<std::string, Host> hosts_;  // by scheme and authority
};

}  // namespace mutexd::http
