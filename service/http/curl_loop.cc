#include "service/http/curl_loop.h"

#include <asio/post.hpp>

#include <chrono>
#include <utility>

namespace mutexd::http {

CurlLoop::CurlLoop(asio::any_io_executor loop, const Limits& limits)
    : loop_(std::move(loop)), multi_(curl_multi_init()), timer_(loop_) {
  if (multi_ == nullptr) return;  // out of memory: as good as closed
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(limits.max_kept_connections));
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(limits.max_host_connections));
}

CurlLoop::~CurlLoop() { Close(); }

CURLcode CurlLoop::Start(CURL* easy, OnDone on_done) {
  return Add(easy, {.on_done = std::move(on_done)});
}

CURLcode CurlLoop::StartConnection(CURL* easy, OnDone on_done) {
  return Add(easy, {.on_done = std::move(on_done), .stays = true});
}

CURLcode CurlLoop::Add(CURL* easy, Transfer transfer) {
  if (multi_ == nullptr) return CURLE_ABORTED_BY_CALLBACK;
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  transfers_.emplace(easy, std::move(transfer));
  return CURLE_OK;
}

void CurlLoop::Stop(CURL* easy) {
  if (transfers_.erase(easy) == 0) return;
  curl_multi_remove_handle(multi_, easy);
}

void CurlLoop::Close() {
  if (multi_ == nullptr) return;
  while (!transfers_.empty()) {
    auto transfer = transfers_.extract(transfers_.begin());
    curl_multi_remove_handle(multi_, transfer.key());
    if (transfer.mapped().on_done) transfer.mapped().on_done(CURLE_ABORTED_BY_CALLBACK);
  }
  curl_multi_cleanup(std::exchange(multi_, nullptr));
  for (const auto& [socket, watch] : sockets_) watch->Release();
  sockets_.clear();
  timer_.cancel();
}

int CurlLoop::OnSocket(CURL* /*easy*/, curl_socket_t socket, int what, void* self,
                       void* /*socket_data*/) {
  static_cast<CurlLoop*>(self)->Watch(socket, what);
  return 0;
}

int CurlLoop::OnTimer(CURLM* /*multi*/, long timeout_ms, void* self) {
  static_cast<CurlLoop*>(self)->ScheduleTimeouts(timeout_ms);
  return 0;
}

void CurlLoop::Watch(curl_socket_t socket, int what) {
  if (what == CURL_POLL_REMOVE) {
    if (auto watched = sockets_.extract(socket)) watched.mapped()->Release();
    return;
  }
  auto found = sockets_.find(socket);
  if (found == sockets_.end()) {
    std::shared_ptr<SocketWatch> watch = MakeWatch(socket);
    if (watch == nullptr) return;  // out of descriptors: the transfer ends by its time-out
    found = sockets_.emplace(socket, std::move(watch)).first;
  }
  found->second->WatchFor((what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
}

// Called by libcurl in the middle of its work, so what is due now is posted.
void CurlLoop::ScheduleTimeouts(long timeout_ms) {
  timer_.cancel();
  if (timeout_ms < 0) return;
  if (timeout_ms == 0) {
    if (std::exchange(timeouts_posted_, true)) return;
    asio::post(loop_, [weak = weak_from_this()] {
      const std::shared_ptr<CurlLoop> self = weak.lock();
      if (self == nullptr) return;
      self->timeouts_posted_ = false;
      self->Act(CURL_SOCKET_TIMEOUT, 0);
    });
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  timer_.async_wait([weak = weak_from_this()](asio::error_code error) {
    const std::shared_ptr<CurlLoop> self = weak.lock();
    if (self != nullptr && !error) self->Act(CURL_SOCKET_TIMEOUT, 0);
  });
}

std::shared_ptr<SocketWatch> CurlLoop::MakeWatch(curl_socket_t socket) {
  auto watch = std::make_shared<SocketWatch>(
      loop_, socket, [weak = weak_from_this()](int descriptor, SocketWatch::Event event) {
        const std::shared_ptr<CurlLoop> self = weak.lock();
        if (self == nullptr) return;
        switch (event) {
          case SocketWatch::Event::kReadable:
            return self->Act(descriptor, CURL_CSELECT_IN);
          case SocketWatch::Event::kWritable:
            return self->Act(descriptor, CURL_CSELECT_OUT);
          case SocketWatch::Event::kError:
            return self->Act(descriptor, CURL_CSELECT_ERR);
        }
      });
  return watch->Register() ? watch : nullptr;
}

void CurlLoop::Act(curl_socket_t socket, int events) {
  if (multi_ == nullptr) return;
  int running = 0;
  // Its only errors are out of memory and misuse; a transfer that they stall ends by its time-out.
  curl_multi_socket_action(multi_, socket, events, &running);
  ReportDone();
}

void CurlLoop::ReportDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message is gone with the removal.
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = transfers_.find(easy);
    const bool stays = found != transfers_.end() && found->second.stays && code == CURLE_OK;
    if (stays) {
      std::exchange(found->second.on_done, nullptr)(code);
      continue;
    }
    curl_multi_remove_handle(multi_, easy);
    if (auto transfer = transfers_.extract(easy)) transfer.mapped().on_done(code);
  }
}

}  // namespace mutexd::http
