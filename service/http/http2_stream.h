// One request over HTTP/2, and what has been received for it. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "service/http/body_collector.h"
#include "service/http/http_observer.h"
#include "service/http/http_transport.h"
#include "service/http/response_head.h"

namespace mutexd::http {

class Http2Stream {
 public:
  enum class End {
    kAnswered,
    kFailed,
    kNotProcessed,  // and so may be repeated, whatever it is
    kNotHttp2,      // the peer wants HTTP/1.1
  };

  // `request` must outlive this. `on_end` is called once, unless the stream is taken back before;
  // it must neither begin nor take back streams: it wakes somebody up.
  Http2Stream(const HttpRequest& request, std::function<void()> on_end)
      : request_(request), on_end_(std::move(on_end)), body_(request.max_body_bytes) {}

  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

  const HttpRequest& request() const { return request_; }

  // -- for the connection

  // To be called before each time it is given to a connection.
  void Reset();

  // Bytes of the request's body that are not taken yet, `most` of them at the most.
  absl::string_view TakeBody(std::size_t most);
  bool body_is_taken() const { return body_taken_ == request_.body.size(); }

  // Both false when the reply is of no use: too long, or broken.
  bool AddHeader(absl::string_view name, absl::string_view value);
  bool EndHeaders();
  // False when no more is wanted.
  bool AddBody(absl::string_view data);

  // The reply has ended, or as much of it has come as was wanted.
  void Finish();
  void Fail(HttpFailureKind kind, std::string message);
  void NotProcessed(std::string message);
  void NotHttp2(std::string message);

  std::int32_t id = 0;       // of the stream; 0: none yet
  bool sent = false;         // the head of the request
  bool reply_ended = false;  // its last byte has come
  bool was_spared = false;   // a connection that was made for another one has failed before
  HttpTransferStats stats;

  // -- for whoever sends

  bool has_ended() const { return ended_; }
  End end() const { return end_; }

  int status() const { return head_.status(); }

  // Of a stream that was answered, or has failed; call once.
  HttpResult TakeResult();
  HttpTransferStats Stats() const;

 private:
  void Ended(End end, HttpFailureKind kind, std::string message);

  const HttpRequest& request_;
  const std::function<void()> on_end_;
  std::size_t body_taken_ = 0;
  ResponseHead head_;
  BodyCollector body_;
  bool ended_ = false;
  End end_ = End::kFailed;
  HttpFailure failure_;
};

}  // namespace mutexd::http
