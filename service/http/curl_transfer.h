// One request as a CURL handle: its settings, and what has been received for it. Internal to this
// folder.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

#include "service/http/body_collector.h"
#include "service/http/curl_transport.h"
#include "service/http/http_observer.h"
#include "service/http/http_transport.h"
#include "service/http/response_head.h"

namespace mutexd::http {

class CurlTransfer {
 public:
  // `request` must have passed CheckRequest; it and `options` must outlive this.
  CurlTransfer(const HttpRequest& request, const CurlTransportOptions& options);

  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Null when libcurl refused a setting (out of memory).
  CURL* handle() const { return handle_.get(); }

  // Makes of it a connection of its own, on which nothing is sent. `on_tls_context` is called with
  // `data` and the SSL_CTX, and offers protocols by ALPN. False when libcurl refuses.
  bool OnlyConnect(curl_ssl_ctx_callback on_tls_context, void* data);

  // What follows holds for the last run of the handle.

  // The result of a run that ended with `code`; call once.
  HttpResult TakeResult(CURLcode code);

  // The result of a run that was stopped.
  HttpFailure StoppedResult(HttpFailureKind kind, std::string message) const;

  // Whether the request was sent and nothing of a reply has come.
  bool WaitedInVain() const;

  HttpTransferStats Stats() const;

 private:
  static std::size_t OnHeadLine(char* data, std::size_t size, std::size_t count,
                                void* self) noexcept;
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self) noexcept;

  static int OnSocketOpen(void* self, curl_socket_t socket, curlsocktype purpose) noexcept;

  bool Configure();
  bool ConfigureTls();
  bool ConfigureProxy();
  bool ConfigureConnection();
  bool ConfigureMethod();
  bool ConfigureHeaders();
  bool AddHeaderLine(const std::string& line);
  bool Receive(absl::string_view data);

  template <typename Value>
  bool Set(CURLoption option, Value value) {
    return curl_easy_setopt(handle_.get(), option, value) == CURLE_OK;
  }
  curl_off_t Info(CURLINFO info) const;
  bool RequestSent(CURLcode code) const;

  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  const HttpRequest& request_;
  const CurlTransportOptions& options_;
  std::unique_ptr<curl_slist, FreeList> header_lines_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<CURL, FreeHandle> handle_;  // refers to those above
  ResponseHead head_;
  BodyCollector body_;
};

}  // namespace mutexd::http
