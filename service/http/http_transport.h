// What the rest of the service knows of HTTP: one request, one result.
//
// HttpTransport is the seam that tests replace. It has no opinion on what a status means: a 404 is
// a response like any other, and only what the network did is a failure.
#pragma once

#include <asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::http {

enum class HttpMethod { kGet, kPost, kPatch };

// "GET", "POST" or "PATCH".
absl::string_view HttpMethodName(HttpMethod method);

struct HttpHeader {
  std::string name;
  std::string value;
};

// Replies over this many bytes (32 MiB), counted after decompression, are cut.
inline constexpr std::size_t kDefaultMaxBodyBytes = std::size_t{32} << 20;

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;  // absolute; http or https
  std::vector<HttpHeader> headers;
  std::string body;  // sent with POST and PATCH

  // From start to the last byte of the reply, the time to connect included. Values under 1 ms count
  // as 1 ms.
  absl::Duration timeout = absl::Seconds(10);

  // Receiving stops here; see HttpResponse::body_truncated.
  std::size_t max_body_bytes = kDefaultMaxBodyBytes;

  // Use a connection that no other request has used. libcurl silently sends a request again when a
  // kept connection turns out dead; what must not be sent twice asks for a fresh one.
  bool fresh_connection = false;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  // names in lower case, in the order received
  std::string body;                 // decompressed
  bool body_truncated = false;      // the body is longer than max_body_bytes

  // The value of the first header of this name (lower case), or empty.
  absl::string_view Header(absl::string_view name) const;
};

enum class HttpFailureKind {
  kCancelled,       // the coroutine was cancelled
  kTimeout,         // HttpRequest::timeout passed
  kResolve,         // DNS
  kConnect,         // refused, unreachable
  kTls,             // handshake, or a certificate that does not prove the host
  kConnectionLost,  // closed or reset before the reply was complete
  kProtocol,        // the peer does not speak HTTP, or breaks it
  kRequest,         // the request cannot be made: bad URL, out of memory
};

// A stable word for metrics and logs, such as "timeout".
absl::string_view HttpFailureKindName(HttpFailureKind kind);

struct HttpFailure {
  HttpFailureKind kind = HttpFailureKind::kConnectionLost;

  // False only where it is certain that no byte of the request left: then it had no effect.
  bool request_sent = true;

  // The status, where a complete response head had arrived before the failure; else 0.
  int status = 0;

  // A sentence for people, without header values or bodies.
  std::string message;
};

using HttpResult = std::variant<HttpResponse, HttpFailure>;

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  // Sends one request and returns when it is done, failed, timed out or cancelled. Runs on, and
  // resumes on, the event loop of the caller. Cancelling the coroutine (any cancellation type)
  // removes the transfer and yields kCancelled; it never throws.
  virtual asio::awaitable<HttpResult> Send(HttpRequest request) = 0;
};

}  // namespace mutexd::http
