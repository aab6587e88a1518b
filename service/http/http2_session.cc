// What an Http2Connection and nghttp2 have to tell each other.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "service/http/http2_connection.h"
#include "service/http/http2_fields.h"

namespace mutexd::http {
namespace {

// What a peer may send ahead of us, for each stream and for all: bodies are taken as they come.
constexpr std::int32_t kWindow = 16 << 20;

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
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;  // of a push, which nobody wants
    Http2Stream* stream = StreamOf(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const bool fine = stream->AddHeader({reinterpret_cast<const char*>(name), name_length},
                                        {reinterpret_cast<const char*>(value), value_length});
    if (!fine) GiveUp(self, *stream, "the reply's head is too long, or has no status");
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* self) noexcept {
    if (frame->hd.type == NGHTTP2_GOAWAY) Of(self).retired_ = true;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Http2Stream* stream = StreamOf(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && !stream->EndHeaders()) {
      GiveUp(self, *stream, "the reply's body is in an encoding that was not asked for");
      return 0;
    }
    stream->reply_ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    // The stream stays open until the request has been sent, too; but who has answered has no use
    // for the rest of it.
    if (stream->reply_ended && !stream->body_is_taken()) {
      Of(self).Detach(*stream);
      stream->Finish();
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, std::uint8_t, std::int32_t id,
                    const std::uint8_t* data, std::size_t length, void* self) noexcept {
    Http2Stream* stream = StreamOf(session, id);
    if (stream != nullptr && !stream->AddBody({reinterpret_cast<const char*>(data), length})) {
      Of(self).Detach(*stream);
      stream->Finish();
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, std::int32_t id, std::uint32_t error,
                           void* self) noexcept {
    Http2Stream* stream = StreamOf(session, id);
    if (stream == nullptr) return 0;
    Of(self).streams_.erase(stream);
    if (stream->reply_ended) {
      stream->Finish();
      return 0;
    }
    const std::string why =
        absl::StrCat("HTTP/2 stream ", id, " was ended by ", nghttp2_http2_strerror(error));
    if (error == NGHTTP2_REFUSED_STREAM && stream->status() == 0) {
      stream->NotProcessed(why);
    } else if (error == NGHTTP2_HTTP_1_1_REQUIRED && stream->status() == 0) {
      stream->NotHttp2(why);
    } else {
      // Also without an error: a proxy ends its streams like that when its own upstream is lost.
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

  static void GiveUp(void* self, Http2Stream& stream, const char* why) {
    Of(self).Detach(stream);
    stream.Fail(HttpFailureKind::kProtocol, why);
  }
};

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

}  // namespace mutexd::http
