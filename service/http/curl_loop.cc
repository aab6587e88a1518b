#include "service/http/curl_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <asio/post.hpp>

#include <chrono>
#include <utility>

namespace mutexd::http {

CurlLoop::CurlLoop(asio::io_context& loop, const Limits& limits)
    : loop_(loop), limits_(limits), multi_(curl_multi_init()), timer_(loop) {
  if (multi_ == nullptr) return;  // out of memory: as good as closed
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(limits.max_kept_connections));
  SetMaxHostConnections(limits.max_host_connections);
}

CurlLoop::~CurlLoop() { Close(); }

CURLcode CurlLoop::Start(CURL* easy, OnDone on_done) {
  if (multi_ == nullptr) return CURLE_ABORTED_BY_CALLBACK;
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlLoop::OnOpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::OnCloseSocket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  transfers_.emplace(easy, std::move(on_done));
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
    transfer.mapped()(CURLE_ABORTED_BY_CALLBACK);
  }
  curl_multi_cleanup(std::exchange(multi_, nullptr));
  for (auto& [descriptor, socket] : sockets_) socket.watch->Release();
  sockets_.clear();
  timer_.cancel();
}

void CurlLoop::SetMaxHostConnections(int connections) {
  if (multi_ == nullptr) return;
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(connections));
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

curl_socket_t CurlLoop::OnOpenSocket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto* loop = static_cast<CurlLoop*>(self);
  const int descriptor =
      ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (descriptor < 0) return CURL_SOCKET_BAD;
#ifdef TCP_USER_TIMEOUT
  const auto unacknowledged =
      static_cast<unsigned int>(absl::ToInt64Milliseconds(loop->limits_.unacknowledged));
  if (address->protocol == IPPROTO_TCP && unacknowledged > 0) {
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged,
                 sizeof(unacknowledged));
  }
#endif
  std::shared_ptr<SocketWatch> watch = loop->MakeWatch(descriptor);
  if (watch == nullptr) {
    ::close(descriptor);
    return CURL_SOCKET_BAD;
  }
  loop->sockets_[descriptor] = {.watch = std::move(watch), .own = true};
  return descriptor;
}

int CurlLoop::OnCloseSocket(void* self, curl_socket_t socket) {
  auto* loop = static_cast<CurlLoop*>(self);
  if (const auto found = loop->sockets_.find(socket); found != loop->sockets_.end()) {
    found->second.watch->Release();
    loop->sockets_.erase(found);
  }
  return ::close(socket);
}

void CurlLoop::Watch(curl_socket_t socket, int what) {
  auto found = sockets_.find(socket);
  if (what == CURL_POLL_REMOVE) {
    if (found == sockets_.end()) return;
    if (found->second.own) {
      found->second.watch->WatchFor(false, false);
      return;
    }
    found->second.watch->Release();
    sockets_.erase(found);
    return;
  }
  if (found == sockets_.end()) {
    std::shared_ptr<SocketWatch> watch = MakeWatch(socket);
    // A resolver's socket that cannot be watched: libcurl also looks at its resolver by the clock.
    if (watch == nullptr) return;
    found = sockets_.emplace(socket, Socket{.watch = std::move(watch), .own = false}).first;
  }
  found->second.watch->WatchFor((what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
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
    curl_multi_remove_handle(multi_, easy);
    if (auto transfer = transfers_.extract(easy)) transfer.mapped()(code);
  }
}

}  // namespace mutexd::http
