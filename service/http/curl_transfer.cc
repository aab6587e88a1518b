#include "service/http/curl_transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/http/curl_result.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or later is needed: CURLOPT_QUICK_EXIT"
#endif

namespace mutexd::http {
namespace {

long WholeSeconds(absl::Duration duration) {
  return static_cast<long>(
      std::clamp<std::int64_t>(absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))), 1,
                               std::numeric_limits<int>::max()));
}

long WholeMilliseconds(absl::Duration duration) {
  return static_cast<long>(std::clamp<std::int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1))), 1,
      std::numeric_limits<int>::max()));
}

}  // namespace

CurlTransfer::CurlTransfer(const HttpRequest& request, const CurlTransportOptions& options)
    : request_(request),
      options_(options),
      handle_(curl_easy_init()),
      body_(request.max_body_bytes) {
  if (handle_ != nullptr && !Configure()) handle_.reset();
}

bool CurlTransfer::Configure() {
  return Set(CURLOPT_URL, request_.url.c_str()) &&
         // Dots in a path are sent as they were written.
         Set(CURLOPT_PATH_AS_IS, 1L) && Set(CURLOPT_PROTOCOLS_STR, "http,https") &&
         Set(CURLOPT_NOSIGNAL, 1L) && Set(CURLOPT_ERRORBUFFER, error_.data()) &&
         Set(CURLOPT_USERAGENT, options_.user_agent.c_str()) &&
         Set(CURLOPT_ACCEPT_ENCODING, "") &&  // all that libcurl can decode
         Set(CURLOPT_HEADERFUNCTION, &CurlTransfer::OnHeadLine) && Set(CURLOPT_HEADERDATA, this) &&
         Set(CURLOPT_WRITEFUNCTION, &CurlTransfer::OnBody) && Set(CURLOPT_WRITEDATA, this) &&
         // The answer of a proxy to CONNECT is not the response.
         Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) && ConfigureTls() && ConfigureProxy() &&
         ConfigureConnection() && ConfigureMethod() && ConfigureHeaders();
}

bool CurlTransfer::ConfigureTls() {
  return Set(CURLOPT_SSL_VERIFYPEER, 1L) && Set(CURLOPT_SSL_VERIFYHOST, 2L) &&
         Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
         (options_.ca_file.empty() || Set(CURLOPT_CAINFO, options_.ca_file.c_str()));
}

bool CurlTransfer::ConfigureProxy() {
  // The way to a proxy that speaks TLS itself, which may also come from the environment.
  if (!Set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) ||
      (!options_.ca_file.empty() && !Set(CURLOPT_PROXY_CAINFO, options_.ca_file.c_str()))) {
    return false;
  }
  // An empty list of exceptions: that of the environment belongs to the environment's proxies.
  return options_.proxy.empty() ||
         (Set(CURLOPT_PROXY, options_.proxy.c_str()) && Set(CURLOPT_NOPROXY, ""));
}

bool CurlTransfer::ConfigureConnection() {
  // libcurl would repeat a request on its own where HTTP/2 says that it was not processed (a
  // refused stream); HTTP/1.1 has no such thing.
  if (!Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)) ||
      !Set(CURLOPT_CONNECTTIMEOUT_MS, WholeMilliseconds(options_.connect_timeout)) ||
      !Set(CURLOPT_SOCKOPTFUNCTION, &CurlTransfer::OnSocketOpen) ||
      !Set(CURLOPT_SOCKOPTDATA, this) ||
      !Set(CURLOPT_MAXAGE_CONN, WholeSeconds(options_.max_connection_idle)) ||
      // Without it, stopping a transfer whose name is being resolved waits for the resolver's
      // thread: the whole event loop would hang on a DNS server that does not answer.
      !Set(CURLOPT_QUICK_EXIT, 1L)) {
    return false;
  }
  if (options_.keepalive > absl::ZeroDuration() &&
      (!Set(CURLOPT_TCP_KEEPALIVE, 1L) ||
       !Set(CURLOPT_TCP_KEEPIDLE, WholeSeconds(options_.keepalive)) ||
       !Set(CURLOPT_TCP_KEEPINTVL, WholeSeconds(options_.keepalive)))) {
    return false;
  }
  return !request_.fresh_connection ||
         (Set(CURLOPT_FRESH_CONNECT, 1L) && Set(CURLOPT_FORBID_REUSE, 1L));
}

bool CurlTransfer::ConfigureMethod() {
  if (request_.method == HttpMethod::kGet) return Set(CURLOPT_HTTPGET, 1L);
  if (!Set(CURLOPT_POST, 1L) || !Set(CURLOPT_POSTFIELDS, request_.body.data()) ||
      !Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()))) {
    return false;
  }
  return request_.method == HttpMethod::kPost ||
         Set(CURLOPT_CUSTOMREQUEST, HttpMethodName(request_.method).data());
}

bool CurlTransfer::ConfigureHeaders() {
  bool has_content_type = false;
  for (const HttpHeader& header : request_.headers) {
    has_content_type = has_content_type || absl::EqualsIgnoreCase(header.name, "content-type");
    // "Name:" would remove one of libcurl's own headers; "Name;" sends an empty one.
    const bool empty = header.value.find_first_not_of(" \t") == std::string::npos;
    if (!AddHeaderLine(empty ? absl::StrCat(header.name, ";")
                             : absl::StrCat(header.name, ": ", header.value))) {
      return false;
    }
  }
  // Waiting for "100 Continue" costs a second where a server does not know it, and libcurl would
  // call a body without a type a form.
  return AddHeaderLine("Expect:") && (has_content_type || AddHeaderLine("Content-Type:")) &&
         Set(CURLOPT_HTTPHEADER, header_lines_.get());
}

bool CurlTransfer::AddHeaderLine(const std::string& line) {
  curl_slist* const list = curl_slist_append(header_lines_.get(), line.c_str());
  if (list == nullptr) return false;
  // Appending gives back the head of the list that it was given.
  if (header_lines_ == nullptr) header_lines_.reset(list);
  return true;
}

bool CurlTransfer::OnlyConnect(curl_ssl_ctx_callback on_tls_context, void* data) {
  return Set(CURLOPT_CONNECT_ONLY, 1L) && Set(CURLOPT_FRESH_CONNECT, 1L) &&
         Set(CURLOPT_SSL_ENABLE_ALPN, 0L) && Set(CURLOPT_SSL_CTX_FUNCTION, on_tls_context) &&
         Set(CURLOPT_SSL_CTX_DATA, data);
}

// noexcept, here and below: libcurl's frames cannot be unwound.
std::size_t CurlTransfer::OnHeadLine(char* data, std::size_t size, std::size_t count,
                                     void* self) noexcept {
  auto* transfer = static_cast<CurlTransfer*>(self);
  return transfer->head_.AddLine({data, size * count}) ? size * count : 0;
}

std::size_t CurlTransfer::OnBody(char* data, std::size_t size, std::size_t count,
                                 void* self) noexcept {
  auto* transfer = static_cast<CurlTransfer*>(self);
  return transfer->Receive({data, size * count}) ? size * count : 0;
}

int CurlTransfer::OnSocketOpen(void* self, curl_socket_t socket,
                               curlsocktype /*purpose*/) noexcept {
  const auto* transfer = static_cast<const CurlTransfer*>(self);
  const auto timeout_ms =
      static_cast<unsigned int>(WholeMilliseconds(transfer->options_.unacknowledged_timeout));
  // A socket that does not know this option works without.
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
  return CURL_SOCKOPT_OK;
}

bool CurlTransfer::Receive(absl::string_view data) {
  if (body_.bytes_received() == 0) {
    // Not the encoding: libcurl has decompressed it.
    const auto length = std::max<curl_off_t>(Info(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), 0);
    body_.Begin("", static_cast<std::size_t>(length));
  }
  return body_.Add(data);
}

HttpResult CurlTransfer::TakeResult(CURLcode code) {
  if (code == CURLE_OK && !head_.complete()) code = CURLE_WEIRD_SERVER_REPLY;
  if (code == CURLE_OK || body_.truncated()) {
    HttpResponse response;
    response.status = head_.status();
    response.headers = head_.TakeHeaders();
    response.body = body_.Take();
    response.body_truncated = body_.truncated();
    return response;
  }
  const absl::string_view detail = error_.data();
  HttpFailure failure;
  failure.request_sent = RequestSent(code);
  failure.kind = FailureKind(code, failure.request_sent, detail);
  failure.status = head_.status();
  failure.message = FailureMessage(code, detail);
  return failure;
}

HttpFailure CurlTransfer::StoppedResult(HttpFailureKind kind, std::string message) const {
  return {.kind = kind,
          .request_sent = RequestSent(CURLE_ABORTED_BY_CALLBACK),
          .status = head_.status(),
          .message = std::move(message)};
}

bool CurlTransfer::WaitedInVain() const {
  return RequestSent(CURLE_ABORTED_BY_CALLBACK) && head_.status() == 0;
}

HttpTransferStats CurlTransfer::Stats() const {
  long connections = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_NUM_CONNECTS, &connections);
  return {.connections_opened = static_cast<int>(connections),
          .connection_reused = connections == 0 && Info(CURLINFO_PRETRANSFER_TIME_T) > 0,
          .bytes_sent = Info(CURLINFO_SIZE_UPLOAD_T),
          .bytes_received = Info(CURLINFO_SIZE_DOWNLOAD_T)};
}

curl_off_t CurlTransfer::Info(CURLINFO info) const {
  curl_off_t value = 0;
  curl_easy_getinfo(handle_.get(), info, &value);
  return value;
}

bool CurlTransfer::RequestSent(CURLcode code) const {
  return RequestMayBeSent(code, Info(CURLINFO_PRETRANSFER_TIME_T));
}

}  // namespace mutexd::http
