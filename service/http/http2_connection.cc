#include "service/http/http2_connection.h"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace mutexd::http {
namespace {

// More than one TLS record, so that many small frames go out by few calls.
constexpr std::size_t kSendAtOnce = std::size_t{64} << 10;

// Each of a TLS record at the most.
constexpr int kReadsInARow = 64;

Http2Connection::TimePoint Now() { return asio::steady_timer::clock_type::now(); }

HttpRequest ConnectRequest(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

}  // namespace

std::shared_ptr<Http2Connection> Http2Connection::Open(const asio::any_io_executor& loop,
                                                       const std::shared_ptr<CurlLoop>& curl,
                                                       const CurlTransportOptions& options,
                                                       std::string url) {
  std::shared_ptr<Http2Connection> connection(
      new Http2Connection(loop, curl, options, std::move(url)));
  connection->Connect();
  return connection;
}

Http2Connection::Http2Connection(const asio::any_io_executor& loop, std::shared_ptr<CurlLoop> curl,
                                 const CurlTransportOptions& options, std::string url)
    : loop_(loop),
      curl_(std::move(curl)),
      user_agent_(options.user_agent),
      ping_after_(options.keepalive),
      max_idle_(options.max_connection_idle),
      ping_timer_(loop),
      connect_request_(ConnectRequest(std::move(url))),
      transfer_(connect_request_, options),
      opened_at_(Now()),
      last_used_(opened_at_),
      last_received_(opened_at_) {}

Http2Connection::~Http2Connection() {
  Close();
  nghttp2_session_del(session_);
}

void Http2Connection::Connect() {
  const auto on_connected = [weak = weak_from_this()](CURLcode code) {
    if (const auto self = weak.lock()) self->OnConnected(code);
  };
  CURLcode code = CURLE_OUT_OF_MEMORY;
  if (transfer_.handle() != nullptr && transfer_.OnlyConnect(&OnTlsContext, this)) {
    code = curl_->StartConnection(transfer_.handle(), on_connected);
  }
  if (code == CURLE_OK) return;
  asio::post(loop_, [code, on_connected] { on_connected(code); });
}

void Http2Connection::OnConnected(CURLcode code) {
  const auto keep = shared_from_this();
  if (state_ != State::kConnecting) return;
  if (code == CURLE_ABORTED_BY_CALLBACK) return Close();
  if (code != CURLE_OK) {
    return FailToConnect(std::get<HttpFailure>(transfer_.TakeResult(code)));
  }
  opener_ = nullptr;
  if (!agreed_on_http2_) {
    return End([](Http2Stream& stream) { stream.NotHttp2("the peer speaks HTTP/1.1 only"); });
  }
  if (!StartSession() || !WatchSocket()) {
    return End([](Http2Stream& stream) {
      stream.Fail(HttpFailureKind::kRequest, "out of memory or descriptors");
    });
  }
  state_ = State::kOpen;
  last_received_ = Now();
  const auto waiting = streams_;  // Submit may end, and so remove, some
  for (Http2Stream* stream : waiting) Submit(*stream);
  WaitForPing();
  Flush();
}

// What happened to another's connection says little to those who joined in; but they are not to
// wait for one after the other.
void Http2Connection::FailToConnect(const HttpFailure& failure) {
  End([&](Http2Stream& stream) {
    if (&stream == opener_ || std::exchange(stream.was_spared, true)) {
      stream.Fail(failure.kind, failure.message);
    } else {
      stream.NotProcessed(failure.message);
    }
  });
}

// What libcurl offers itself, it would also speak.
CURLcode Http2Connection::OnTlsContext(CURL*, void* context, void* self) {
  auto* const tls = static_cast<SSL_CTX*>(context);
  constexpr unsigned char kOffers[] = "\x02h2\x08http/1.1";
  if (SSL_CTX_set_alpn_protos(tls, kOffers, sizeof(kOffers) - 1) != 0) return CURLE_OUT_OF_MEMORY;
  // By one system call for each TLS record instead of two. What has been read ahead the socket does
  // not tell; but OnReadable always goes on until there is no more.
  SSL_CTX_set_read_ahead(tls, 1);
  SSL_CTX_set_app_data(tls, self);
  SSL_CTX_set_info_callback(tls, [](const SSL* session, int where, int) {
    if (where != SSL_CB_HANDSHAKE_DONE) return;
    const unsigned char* protocol = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(session, &protocol, &length);
    auto* const connection =
        static_cast<Http2Connection*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
    connection->agreed_on_http2_ =
        absl::string_view(reinterpret_cast<const char*>(protocol), length) == "h2";
  });
  return CURLE_OK;
}

bool Http2Connection::WatchSocket() {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(transfer_.handle(), CURLINFO_ACTIVESOCKET, &socket);
  if (socket == CURL_SOCKET_BAD) return false;
  watch_ = std::make_shared<SocketWatch>(loop_, socket,
                                         [weak = weak_from_this()](int, SocketWatch::Event event) {
                                           const auto self = weak.lock();
                                           if (self == nullptr) return;
                                           if (event == SocketWatch::Event::kWritable)
                                             return self->Flush();
                                           self->OnReadable();
                                         });
  if (!watch_->Register()) return false;
  watch_->WatchFor(true, false);
  return true;
}

void Http2Connection::Look() {
  if (state_ == State::kOpen && streams_.empty()) OnReadable();
}

void Http2Connection::WaitForPing() {
  if (ping_after_ <= absl::ZeroDuration() || state_ != State::kOpen) return;
  ping_timer_.expires_after(absl::ToChronoNanoseconds(ping_after_));
  ping_timer_.async_wait([weak = weak_from_this()](asio::error_code error) {
    const auto self = weak.lock();
    if (self != nullptr && !error) self->Ping();
  });
}

void Http2Connection::Ping() {
  if (state_ != State::kOpen) return;
  const auto keep = shared_from_this();
  if (streams_.empty() && absl::FromChrono(Now() - last_used_) >= max_idle_) return Retire();
  if (absl::FromChrono(Now() - last_received_) >= ping_after_) {
    if (std::exchange(ping_unanswered_, true)) {
      return Lose(HttpFailureKind::kConnectionLost, "the peer does not answer HTTP/2 pings");
    }
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    Flush();
  }
  WaitForPing();
}

std::size_t Http2Connection::MaxStreams() const {
  constexpr std::size_t kUntilThePeerSays = 100;
  if (session_ == nullptr) return kUntilThePeerSays;
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void Http2Connection::Begin(Http2Stream& stream) {
  stream.Reset();
  streams_.insert(&stream);
  last_used_ = Now();
  if (state_ == State::kConnecting && streams_.size() == 1) opener_ = &stream;
  if (state_ != State::kOpen) return;
  Submit(stream);
  PostFlush();
}

// The peer is told to stop; what still comes is dropped.
void Http2Connection::Detach(Http2Stream& stream) {
  streams_.erase(&stream);
  if (state_ != State::kOpen || stream.id == 0) return;
  nghttp2_session_set_stream_user_data(session_, stream.id, nullptr);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
}

void Http2Connection::TakeBack(Http2Stream& stream) {
  if (streams_.count(&stream) == 0) return;
  Detach(stream);
  if (state_ == State::kOpen) PostFlush();
  if (state_ == State::kConnecting && &stream == opener_) {
    return End([](Http2Stream& other) { other.NotProcessed("nobody waits for the connection"); });
  }
  CloseWhenDone();
}

void Http2Connection::Retire() {
  retired_ = true;
  CloseWhenDone();
}

void Http2Connection::OnSilence(absl::Duration silence) {
  if (absl::FromChrono(Now() - last_received_) < silence) return;
  Retire();
  GiveBackUnsent();
}

// Those that wait for their turn need not wait for a connection that ends.
void Http2Connection::GiveBackUnsent() {
  if (state_ != State::kOpen) return;
  std::vector<Http2Stream*> unsent;
  for (Http2Stream* stream : streams_) {
    if (!stream->sent) unsent.push_back(stream);
  }
  for (Http2Stream* stream : unsent) {
    Detach(*stream);
    stream->NotProcessed("the connection takes no more requests");
  }
}

bool Http2Connection::takes_streams() const {
  if (state_ == State::kClosed || retired_) return false;
  return session_ == nullptr || nghttp2_session_check_request_allowed(session_) != 0;
}

void Http2Connection::Close() {
  End([](Http2Stream& stream) {
    stream.Fail(HttpFailureKind::kCancelled, "the transport was closed");
  });
}

void Http2Connection::OnReadable() {
  const auto keep = shared_from_this();
  std::array<char, std::size_t{16} << 10> buffer;
  for (int reads = 0; state_ == State::kOpen; ++reads) {
    if (reads == kReadsInARow) {
      PostRead();
      break;
    }
    std::size_t received = 0;
    const CURLcode code =
        curl_easy_recv(transfer_.handle(), buffer.data(), buffer.size(), &received);
    if (code == CURLE_AGAIN) break;
    if (code != CURLE_OK) {
      return Lose(HttpFailureKind::kConnectionLost,
                  absl::StrCat("cannot receive: ", curl_easy_strerror(code)));
    }
    if (received == 0) {
      return Lose(HttpFailureKind::kConnectionLost, "the connection was closed before the reply");
    }
    last_received_ = Now();
    ping_unanswered_ = false;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(buffer.data());
    const ssize_t taken = nghttp2_session_mem_recv(session_, bytes, received);
    if (taken < 0) {
      return Lose(
          HttpFailureKind::kProtocol,
          absl::StrCat("the peer breaks HTTP/2: ", nghttp2_strerror(static_cast<int>(taken))));
    }
    if (nghttp2_session_want_read(session_) == 0) break;  // the rest is of no interest
  }
  if (retired_) GiveBackUnsent();
  Flush();
}

// Others have their turn; and what TLS has decrypted already the socket does not tell.
void Http2Connection::PostRead() {
  asio::post(loop_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnReadable();
  });
}

void Http2Connection::PostFlush() {
  if (std::exchange(flush_posted_, true)) return;
  asio::post(loop_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->flush_posted_ = false;
    self->Flush();
  });
}

void Http2Connection::Flush() {
  const auto keep = shared_from_this();
  while (state_ == State::kOpen && (sent_ < sending_.size() || Collect())) {
    std::size_t sent = 0;
    const CURLcode code =
        curl_easy_send(transfer_.handle(), sending_.data() + sent_, sending_.size() - sent_, &sent);
    if (code == CURLE_AGAIN) return watch_->WatchFor(true, true);
    if (code != CURLE_OK) {
      return Lose(HttpFailureKind::kConnectionLost,
                  absl::StrCat("cannot send: ", curl_easy_strerror(code)));
    }
    sent_ += sent;
  }
  if (state_ != State::kOpen) return;
  watch_->WatchFor(true, false);
  CloseWhenDone();
}

// Whether there is something to send.
bool Http2Connection::Collect() {
  sending_.clear();
  sent_ = 0;
  while (sending_.size() < kSendAtOnce) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) break;  // below: out of memory, which the streams' time-outs end
    sending_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  return !sending_.empty();
}

void Http2Connection::CloseWhenDone() {
  if (state_ == State::kOpen && nghttp2_session_want_read(session_) == 0 &&
      nghttp2_session_want_write(session_) == 0) {
    // Streams that were sent are left only where nghttp2 has ended the connection by an error.
    return Lose(HttpFailureKind::kProtocol, "the peer broke HTTP/2");
  }
  if (retired_ && streams_.empty()) Close();
}

template <typename EndStream>
void Http2Connection::End(const EndStream& end) {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  if (watch_ != nullptr) watch_->Release();
  ping_timer_.cancel();
  curl_->Stop(transfer_.handle());
  for (Http2Stream* stream : std::exchange(streams_, {})) {
    if (session_ != nullptr && stream->id != 0) {
      nghttp2_session_set_stream_user_data(session_, stream->id, nullptr);
    }
    end(*stream);
  }
}

void Http2Connection::Lose(HttpFailureKind kind, const std::string& why) {
  End([&](Http2Stream& stream) {
    if (stream.sent) {
      stream.Fail(kind, why);
    } else {
      stream.NotProcessed(why);
    }
  });
}

}  // namespace mutexd::http
