#include "service/sandbox/http_connection.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mutexd::sandbox {
namespace {

constexpr auto kIdleTime = std::chrono::seconds(60);
constexpr auto kStallTime = std::chrono::seconds(10);

// cpp-httplib matches paths with std::regex, whose stack use grows with the path's length.
constexpr std::size_t kMaxPathBytes = 1024;

void SetReply(httplib::Response& response, ApiReply reply) {
  response.status = reply.status;
  response.set_content(std::move(reply.body), reply.content_type);
}

}  // namespace

HttpConnection::HttpConnection(int socket, std::size_t max_body_bytes, const ApiHandler& handler)
    : stream_(socket, kStallTime), max_body_bytes_(max_body_bytes), handler_(handler) {
  set_keep_alive_timeout(kIdleTime.count());  // only told to the peer; Serve sees to it
  set_keep_alive_max_count(1'000'000);        // likewise
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    return BeforeBody(request, response);
  });
  const auto on_body = [this](const httplib::Request& request, httplib::Response& response,
                              const httplib::ContentReader& read) {
    OnBody(request, response, read);
  };
  Post(R"([\s\S]*)", on_body);
  Patch(R"([\s\S]*)", on_body);
  set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
        SetReply(response, ErrorReply(500, "Internal error"));
      });
  set_error_handler(
      [this](const httplib::Request&, httplib::Response& response) { OnError(response); });
}

void HttpConnection::Serve(const std::atomic<bool>& stopping) {
  while (!stopping && !last_ && stream_.WaitForRequest(kIdleTime)) {
    // Heads that cpp-httplib cannot parse never reach OnHead; what follows them is not a request.
    last_ = true;
    bool closed_by_peer = false;
    const bool written = process_request(stream_, /*close_connection=*/false, closed_by_peer,
                                         [this](httplib::Request& request) { OnHead(request); });
    if (!written || closed_by_peer) break;
  }
  stream_.CloseGently();
}

// Decides, once the head is known, whether another request can follow this one: not after a body
// that is not read, or whose end is only known by reading on.
void HttpConnection::OnHead(httplib::Request& request) {
  request.ranges.clear();  // the API has no partial replies
  // cpp-httplib prefers brotli, at a quality that takes seconds for a large page.
  const bool accepts_gzip = absl::StrContains(request.get_header_value("Accept-Encoding"), "gzip");
  request.headers.erase("Accept-Encoding");
  if (accepts_gzip) request.set_header("Accept-Encoding", "gzip");

  const bool has_handler = request.method == "POST" || request.method == "PATCH";
  const std::string length = request.get_header_value("Content-Length");
  const bool is_chunked = request.has_header("Transfer-Encoding");
  std::uint64_t bytes = 0;
  const bool length_is_valid =
      length.empty() ||
      (absl::SimpleAtoi(length, &bytes) && request.get_header_value_count("Content-Length") == 1);
  // Without a length cpp-httplib would read until the peer closes; HTTP/1.1 means no body.
  if (has_handler && length.empty() && !is_chunked) request.set_header("Content-Length", "0");

  body_too_large_ = bytes > max_body_bytes_;
  last_ = is_chunked || !length_is_valid || body_too_large_ || (bytes > 0 && !has_handler) ||
          request.has_header("Content-Encoding") || request.is_multipart_form_data() ||
          request.path.size() > kMaxPathBytes ||
          absl::EqualsIgnoreCase(request.get_header_value("Connection"), "close");
  // What cpp-httplib looks at when it writes the reply's head.
  if (last_) {
    request.headers.erase("Connection");
    request.set_header("Connection", "close");
  }
}

httplib::Server::HandlerResponse HttpConnection::BeforeBody(const httplib::Request& request,
                                                            httplib::Response& response) {
  if (body_too_large_) {
    SetReply(response, ErrorReply(413, "The request body is too large"));
  } else if (request.path.size() > kMaxPathBytes) {
    SetReply(response, ErrorReply(404, "No such endpoint"));
  } else if (request.is_multipart_form_data() ||
             (request.method != "POST" && request.method != "PATCH")) {
    Answer(request, "", response);
  } else {
    return HandlerResponse::Unhandled;
  }
  return HandlerResponse::Handled;
}

void HttpConnection::OnBody(const httplib::Request& request, httplib::Response& response,
                            const httplib::ContentReader& read) {
  std::string body;
  bool too_large = false;
  const bool complete = read([&](const char* data, std::size_t size) {
    too_large = size > max_body_bytes_ - body.size();
    if (!too_large) body.append(data, size);
    return !too_large;
  });
  if (too_large) {
    SetReply(response, ErrorReply(413, "The request body is too large"));
  } else if (!complete) {
    SetReply(response, ErrorReply(400, "The request body is incomplete or badly encoded"));
  } else {
    Answer(request, std::move(body), response);
  }
}

// Gives a body to the errors that cpp-httplib answers by itself, such as 400 for a broken head.
void HttpConnection::OnError(httplib::Response& response) {
  if (response.body.empty()) {
    SetReply(response, ErrorReply(response.status, "The request is not understood"));
  }
}

void HttpConnection::Answer(const httplib::Request& request, std::string body,
                            httplib::Response& response) {
  ApiRequest api_request;
  api_request.method = request.method;
  api_request.path = request.path;
  api_request.query = request.params;
  api_request.authorization = request.get_header_value("Authorization");
  api_request.content_type = request.get_header_value("Content-Type");
  api_request.host = request.get_header_value("Host");
  api_request.body = std::move(body);
  SetReply(response, handler_(api_request));
}

}  // namespace mutexd::sandbox
