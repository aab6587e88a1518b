#include "service/http/http2_hosts.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"

namespace mutexd::http {
namespace {

Http2Connection::TimePoint Now() { return asio::steady_timer::clock_type::now(); }

// What ALPN offers would be offered to such a proxy, too.
bool ProxySpeaksTls(const std::string& proxy) {
  if (!proxy.empty()) return absl::StartsWithIgnoreCase(proxy, "https:");
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && absl::StartsWithIgnoreCase(value, "https:")) return true;
  }
  return false;
}

// Scheme and authority of a URL.
std::string OriginOf(absl::string_view url) {
  const std::size_t host = url.find("://") + 3;
  return std::string(url.substr(0, std::min(url.find_first_of("/?#", host), url.size())));
}

}  // namespace

Http2Hosts::Http2Hosts(const asio::any_io_executor& loop, const CurlTransportOptions& options)
    : loop_(loop),
      options_(options),
      curl_(std::make_shared<CurlLoop>(loop, CurlLoop::Limits{})),
      proxy_speaks_tls_(ProxySpeaksTls(options.proxy)) {}

bool Http2Hosts::MaySpeakHttp2(const HttpRequest& request) const {
  if (closed_ || proxy_speaks_tls_ || request.fresh_connection) return false;
  const std::string origin = OriginOf(request.url);
  // A user in the URL is for libcurl to make a header of.
  if (!absl::StartsWithIgnoreCase(origin, "https:") || absl::StrContains(origin, '@')) return false;
  const auto found = hosts_.find(origin);
  return found == hosts_.end() || found->second.http1_until <= Now();
}

std::shared_ptr<Http2Connection> Http2Hosts::Begin(Http2Stream& stream) {
  const std::string origin = OriginOf(stream.request().url);
  Host& host = hosts_[origin];
  LeaveWorn(host);
  std::shared_ptr<Http2Connection> connection = Choose(host);
  if (connection == nullptr) {
    connection = Http2Connection::Open(loop_, curl_, options_, origin);
    host.connections.push_back(connection);
    ++stream.stats.connections_opened;
    stream.stats.connection_reused = false;
  } else {
    stream.stats.connection_reused = stream.stats.connections_opened == 0;
  }
  connection->Begin(stream);
  return connection;
}

// Null: a new one is needed.
std::shared_ptr<Http2Connection> Http2Hosts::Choose(const Host& host) const {
  std::shared_ptr<Http2Connection> least_busy;
  int usable = 0;
  for (const auto& connection : host.connections) {
    connection->Look();
    if (!connection->takes_streams()) continue;
    if (connection->has_room()) return connection;
    ++usable;
    if (least_busy == nullptr || connection->streams() < least_busy->streams()) {
      least_busy = connection;
    }
  }
  return usable < options_.max_http2_connections ? nullptr : least_busy;
}

void Http2Hosts::LeaveWorn(Host& host) const {
  const TimePoint now = Now();
  for (const auto& connection : host.connections) {
    const bool old = absl::FromChrono(now - connection->opened_at()) >= options_.max_connection_age;
    const bool idle =
        connection->streams() == 0 &&
        absl::FromChrono(now - connection->last_used()) >= options_.max_connection_idle;
    if (old || idle) connection->Retire();
  }
  std::erase_if(host.connections, [](const auto& connection) { return connection->is_closed(); });
}

void Http2Hosts::OnHttp1(const HttpRequest& request) {
  hosts_[OriginOf(request.url)].http1_until =
      Now() + absl::ToChronoNanoseconds(options_.max_connection_age);
}

void Http2Hosts::Close() {
  closed_ = true;
  for (auto& [origin, host] : hosts_) {
    for (const auto& connection : std::exchange(host.connections, {})) connection->Close();
  }
  curl_->Close();
}

}  // namespace mutexd::http
