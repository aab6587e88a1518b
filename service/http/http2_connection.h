// One connection to a host over HTTP/2: libcurl makes it, nghttp2 speaks. Internal to this folder.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>

#include "absl/strings/string_view.h"
#include "service/http/curl_loop.h"
#include "service/http/curl_transfer.h"
#include "service/http/http2_stream.h"
#include "service/http/socket_watch.h"

struct nghttp2_session;

namespace mutexd::http {

// All on the thread of the loop. Owned by shared_ptr: handlers that the loop still holds refer to
// it weakly. Ends by itself once it takes no more streams and has none left.
class Http2Connection : public std::enable_shared_from_this<Http2Connection> {
 public:
  using TimePoint = asio::steady_timer::time_point;

  // Begins to connect to the host of `url`. `options` must outlive it.
  static std::shared_ptr<Http2Connection> Open(const asio::any_io_executor& loop,
                                               const std::shared_ptr<CurlLoop>& curl,
                                               const CurlTransportOptions& options,
                                               std::string url);
  ~Http2Connection();

  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  bool is_closed() const { return state_ == State::kClosed; }

  // Whether new streams may be begun: not when it is closed, or about to be, by whomever.
  bool takes_streams() const;

  // Takes notice of what an idle connection has brought and nobody has been told of yet: its end,
  // most likely.
  void Look();

  // Of those that go out at once.
  bool has_room() const { return streams_.size() < MaxStreams(); }
  std::size_t streams() const { return streams_.size(); }

  TimePoint opened_at() const { return opened_at_; }
  TimePoint last_used() const { return last_used_; }

  // Waits for the connection, and for its turn where the peer allows no more streams. The stream
  // must be taken back, or have ended, before its life does.
  void Begin(Http2Stream& stream);

  // Forgets it; harmless for one that has ended. When the one for which the connection is being
  // made gives up, the others are to try another connection: this one may lead nowhere.
  void TakeBack(Http2Stream& stream);

  // Takes no more streams, and closes once it has none.
  void Retire();

  // A stream of it has waited in vain: a connection that brought nothing for `silence` is dead.
  void OnSilence(absl::Duration silence);

  // Ends all streams, cancelled.
  void Close();

 private:
  enum class State { kConnecting, kOpen, kClosed };
  struct Callbacks;

  Http2Connection(const asio::any_io_executor& loop, std::shared_ptr<CurlLoop> curl,
                  const CurlTransportOptions& options, std::string url);

  void Connect();
  void OnConnected(CURLcode code);
  void FailToConnect(const HttpFailure& failure);
  static CURLcode OnTlsContext(CURL*, void* context, void* self);
  bool StartSession();  // with Submit in http2_session.cc
  bool WatchSocket();
  void Submit(Http2Stream& stream);
  std::size_t MaxStreams() const;
  void WaitForPing();
  void Ping();

  void Detach(Http2Stream& stream);
  void GiveBackUnsent();
  void OnReadable();
  void PostRead();
  void PostFlush();
  void Flush();
  bool Collect();
  void CloseWhenDone();

  // Ends all streams as `end` says of each, and closes.
  template <typename EndStream>
  void End(const EndStream& end);

  // Ends all streams, as `kind` says of those that were sent, and closes.
  void Lose(HttpFailureKind kind, const std::string& why);

  const asio::any_io_executor loop_;
  const std::shared_ptr<CurlLoop> curl_;
  const std::string user_agent_;
  const absl::Duration ping_after_;  // zero: no pings
  const absl::Duration max_idle_;
  asio::steady_timer ping_timer_;
  const HttpRequest connect_request_;  // of whose URL the host is
  bool agreed_on_http2_ = false;
  CurlTransfer transfer_;
  State state_ = State::kConnecting;
  bool retired_ = false;
  bool flush_posted_ = false;
  bool ping_unanswered_ = false;
  nghttp2_session* session_ = nullptr;
  std::shared_ptr<SocketWatch> watch_;
  std::unordered_set<Http2Stream*> streams_;
  const Http2Stream* opener_ = nullptr;  // for whom the connection is made, until it is

  // Bytes that are being sent: stay as they are until libcurl has taken them all.
  std::string sending_;
  std::size_t sent_ = 0;

  const TimePoint opened_at_;
  TimePoint last_used_;
  TimePoint last_received_;
};

}  // namespace mutexd::http
