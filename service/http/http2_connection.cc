#include "service/http/http2_connection.h"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/http/http2_fields.h"

namespace mutexd::http {
namespace {

// What a peer may send ahead of us, for each stream and for all: bodies are taken as they come.
constexpr std::int32_t kWindow = 16 << 20;

// More than one TLS record, so that many small frames go out by few calls.
constexpr std::size_t kSendAtOnce = std::size_t{64} << 10;

constexpr absl::string_view kClosedBeforeReply = "the connection was closed before the reply";

Http2Connection::TimePoint Now() { return asio::steady_timer::clock_type::now(); }

HttpRequest ConnectRequest(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

}  // namespace

// What nghttp2 calls, in the middle of its own work. noexcept: its frames cannot be unwound.
struct Http2Connection::Callbacks {
  static Http2Stream* StreamOf(nghttp2_session* session, std::int32_t id) {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int OnFrameSend(nghttp2_session* session, const nghttp2_frame* frame, void*) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Http2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->sent = true;
    return 0;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_length, const std::uint8_t* value,
                      std::size_t value_length, std::uint8_t, void* self) noexcept {
    Http2Stream* stream = StreamOf(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const bool fine = stream->AddHeader({reinterpret_cast<const char*>(name), name_length},
                                        {reinterpret_cast<const char*>(value), value_length});
    if (!fine) GiveUp(self, *stream, "the reply's head is too long, or has no status");
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* self) noexcept {
    if (frame->hd.type == NGHTTP2_GOAWAY) Of(self).retired_ = true;
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    Http2Stream* stream = StreamOf(session, frame->hd.stream_id);
    if (stream != nullptr && !stream->EndHeaders()) {
      GiveUp(self, *stream, "the reply's body is in an encoding that was not asked for");
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, std::uint8_t, std::int32_t id,
                    const std::uint8_t* data, std::size_t length, void* self) noexcept {
    Http2Stream* stream = StreamOf(session, id);
    if (stream != nullptr && !stream->AddBody({reinterpret_cast<const char*>(data), length})) {
      Detach(Of(self), *stream);
      stream->Finish();
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, std::int32_t id, std::uint32_t error,
                           void* self) noexcept {
    Http2Stream* stream = StreamOf(session, id);
    if (stream == nullptr) return 0;
    Of(self).streams_.erase(stream);
    if (error == NGHTTP2_NO_ERROR) {
      stream->Finish();
      return 0;
    }
    const std::string why =
        absl::StrCat("HTTP/2 stream ", id, " was ended by ", nghttp2_http2_strerror(error));
    if (error == NGHTTP2_REFUSED_STREAM && stream->status() == 0) {
      stream->NotProcessed(why);
    } else if (error == NGHTTP2_HTTP_1_1_REQUIRED && stream->status() == 0) {
      stream->NotHttp2();
    } else {
      stream->Fail(HttpFailureKind::kConnectionLost, why);
    }
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                          std::size_t length, std::uint32_t* flags, nghttp2_data_source*,
                          void*) noexcept {
    Http2Stream* stream = StreamOf(session, id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const absl::string_view taken = stream->TakeBody(length);
    std::copy(taken.begin(), taken.end(), buffer);
    if (stream->body_is_taken()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken.size());
  }

  static Http2Connection& Of(void* self) { return *static_cast<Http2Connection*>(self); }

  // The peer is told to stop; what still comes is dropped.
  static void Detach(Http2Connection& connection, Http2Stream& stream) {
    nghttp2_session_set_stream_user_data(connection.session_, stream.id, nullptr);
    nghttp2_submit_rst_stream(connection.session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
    connection.streams_.erase(&stream);
  }

  static void GiveUp(void* self, Http2Stream& stream, const char* why) {
    Detach(Of(self), stream);
    stream.Fail(HttpFailureKind::kProtocol, why);
  }
};

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
    return End([](Http2Stream& stream) { stream.NotHttp2(); });
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

bool Http2Connection::StartSession() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) return false;
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Callbacks::OnFrameSend);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::OnFrame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::OnStreamClose);
  const int made = nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) return false;
  const std::array<nghttp2_settings_entry, 2> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow},
  }};
  return nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
             0 &&
         nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow) == 0;
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

void Http2Connection::Submit(Http2Stream& stream) {
  const Http2Fields fields(stream.request(), user_agent_);
  nghttp2_data_provider body{};
  body.read_callback = &Callbacks::ReadBody;
  stream.id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                     HasBody(stream.request()) ? &body : nullptr, &stream);
  if (stream.id > 0) return;
  // The numbers of streams are used up, after a thousand million requests; or out of memory.
  stream.id = 0;
  retired_ = true;
  streams_.erase(&stream);
  stream.NotProcessed("the connection takes no more requests");
}

void Http2Connection::TakeBack(Http2Stream& stream) {
  if (streams_.erase(&stream) == 0) return;
  if (state_ == State::kOpen && stream.id != 0) {
    nghttp2_session_set_stream_user_data(session_, stream.id, nullptr);
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
    PostFlush();
  }
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
  if (absl::FromChrono(Now() - last_received_) >= silence) Retire();
}

void Http2Connection::Close() {
  End([](Http2Stream& stream) {
    stream.Fail(HttpFailureKind::kCancelled, "the transport was closed");
  });
}

void Http2Connection::OnReadable() {
  const auto keep = shared_from_this();
  last_received_ = Now();
  std::array<char, std::size_t{16} << 10> buffer;
  while (state_ == State::kOpen) {
    std::size_t received = 0;
    const CURLcode code =
        curl_easy_recv(transfer_.handle(), buffer.data(), buffer.size(), &received);
    if (code == CURLE_AGAIN) break;
    if (code != CURLE_OK) return Lose(absl::StrCat("cannot receive: ", curl_easy_strerror(code)));
    if (received == 0) return Lose(std::string(kClosedBeforeReply));
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(buffer.data());
    const ssize_t taken = nghttp2_session_mem_recv(session_, bytes, received);
    if (taken < 0) {
      const std::string why =
          absl::StrCat("the peer breaks HTTP/2: ", nghttp2_strerror(static_cast<int>(taken)));
      return End([&](Http2Stream& stream) { stream.Fail(HttpFailureKind::kProtocol, why); });
    }
  }
  Flush();
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
    if (code != CURLE_OK) return Lose(absl::StrCat("cannot send: ", curl_easy_strerror(code)));
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
    // Streams are left only where nghttp2 has ended the connection by an error.
    return End([](Http2Stream& stream) {
      stream.Fail(HttpFailureKind::kProtocol, "the peer broke HTTP/2");
    });
  }
  if (retired_ && streams_.empty()) Close();
}

template <typename EndStream>
void Http2Connection::End(const EndStream& end) {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  if (watch_ != nullptr) watch_->Release();
  curl_->Stop(transfer_.handle());
  for (Http2Stream* stream : std::exchange(streams_, {})) {
    if (session_ != nullptr && stream->id != 0) {
      nghttp2_session_set_stream_user_data(session_, stream->id, nullptr);
    }
    end(*stream);
  }
}

void Http2Connection::Lose(const std::string& why) {
  End([&](Http2Stream& stream) {
    if (stream.sent) {
      stream.Fail(HttpFailureKind::kConnectionLost, why);
    } else {
      stream.NotProcessed(why);
    }
  });
}

}  // namespace mutexd::http
