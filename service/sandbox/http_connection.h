// One HTTP/1.1 connection: requests in, replies of a handler out, one after the other.
//
// cpp-httplib reads and writes the messages (heads, chunks, compression); the connection's life is
// decided here: any number of requests, ended when it has been idle for a minute.
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

#include "service/sandbox/endpoints.h"
#include "service/sandbox/socket_stream.h"

namespace mutexd::sandbox {

using ApiHandler = std::function<ApiReply(const ApiRequest&)>;

class HttpConnection : private httplib::Server {
 public:
  // Bodies over `max_body_bytes`, counted after decompression, are answered 413. Owns neither the
  // socket nor the handler.
  HttpConnection(int socket, std::size_t max_body_bytes, const ApiHandler& handler);

  // Serves until the peer closes, falls silent, breaks the protocol, or `stopping`.
  void Serve(const std::atomic<bool>& stopping);

 private:
  void OnHead(httplib::Request& request);
  HandlerResponse BeforeBody(const httplib::Request& request, httplib::Response& response);
  void OnBody(const httplib::Request& request, httplib::Response& response,
              const httplib::ContentReader& read);
  void OnError(httplib::Response& response);
  void Answer(const httplib::Request& request, std::string body, httplib::Response& response);

  SocketStream stream_;
  const std::size_t max_body_bytes_;
  const ApiHandler& handler_;
  bool last_ = false;            // the current exchange is the connection's last
  bool body_too_large_ = false;  // as its head says
};

}  // namespace mutexd::sandbox
