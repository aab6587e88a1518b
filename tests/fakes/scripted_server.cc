#include "tests/fakes/scripted_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/loopback.h"

namespace mutexd::fakes {
namespace {

// The head without its empty line.
ReceivedRequest ParseHead(absl::string_view head) {
  ReceivedRequest request;
  const std::vector<absl::string_view> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string> request_line = absl::StrSplit(lines.front(), ' ');
  request.method = request_line.front();
  if (request_line.size() > 1) request.target = request_line[1];
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    request.headers[absl::AsciiStrToLower(field.first)] =
        std::string(absl::StripAsciiWhitespace(field.second));
  }
  return request;
}

std::size_t ContentLength(const ReceivedRequest& request) {
  std::size_t length = 0;
  const auto found = request.headers.find("content-length");
  if (found != request.headers.end() && !absl::SimpleAtoi(found->second, &length)) return 0;
  return length;
}

// False once either side is done.
bool RelayOnce(int from, int to) {
  std::array<char, 16384> bytes;
  const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
  return count > 0 && ::send(to, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) > 0;
}

}  // namespace

bool Peer::ReadMore() {
  std::array<char, 16384> bytes;
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<ReceivedRequest> Peer::ReadRequest() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return std::nullopt;
  }
  ReceivedRequest request = ParseHead(absl::string_view(buffer_).substr(0, end));
  request.connection = connection_;
  buffer_.erase(0, end + 4);
  const std::size_t length = ContentLength(request);
  while (buffer_.size() < length) {
    if (!ReadMore()) return std::nullopt;
  }
  request.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  server_.Remember(request);
  return request;
}

bool Peer::WaitForBytes() {
  char byte = 0;
  return ::recv(socket_, &byte, 1, MSG_PEEK) == 1;
}

bool Peer::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool Peer::Drip(absl::string_view bytes) {
  const int no_delay = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!Write(bytes.substr(i, 1))) return false;
  }
  return true;
}

void Peer::Hang() {
  while (ReadMore()) buffer_.clear();
}

void Peer::Reset() {
  // Closing with a linger time of zero is what sends RST; the descriptor is closed by the server.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void Peer::RelayTo(int port) {
  const int other = ConnectToLoopback(port);
  if (other < 0) return;
  bool open = buffer_.empty() || ::send(other, buffer_.data(), buffer_.size(), MSG_NOSIGNAL) > 0;
  while (open) {
    std::array<pollfd, 2> sockets{{{socket_, POLLIN, 0}, {other, POLLIN, 0}}};
    ::poll(sockets.data(), sockets.size(), -1);
    if (sockets[0].revents != 0) open = RelayOnce(socket_, other);
    if (open && sockets[1].revents != 0) open = RelayOnce(other, socket_);
  }
  ::close(other);
}

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(ListenOnLoopback(1024)), port_(PortOf(listener_)) {
  if (listener_ < 0) std::abort();
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [connection, socket] : open_) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (auto& [connection, thread] : threads_) thread.join();
}

std::string ScriptedServer::Url(absl::string_view target) const {
  return absl::StrCat("http://127.0.0.1:", port_, target);
}

int ScriptedServer::connections() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

std::vector<ReceivedRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::WaitForRequests(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return requests_.size() >= count || stopping_; });
}

void ScriptedServer::Accept() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (stopping_ || socket < 0) {
      if (socket >= 0) ::close(socket);
      return;
    }
    JoinEnded();
    const int connection = accepted_++;
    open_[connection] = socket;
    threads_[connection] = std::thread([this, socket, connection] { Serve(socket, connection); });
  }
}

void ScriptedServer::Serve(int socket, int connection) {
  Peer peer(*this, socket, connection);
  script_(peer);
  const std::lock_guard lock(mutex_);
  open_.erase(connection);
  ::close(socket);
  ended_.push_back(connection);
}

// What such a thread still does is to unlock the mutex that the caller holds, or has held since.
void ScriptedServer::JoinEnded() {
  for (const int connection : ended_) threads_.extract(connection).mapped().join();
  ended_.clear();
}

void ScriptedServer::Remember(const ReceivedRequest& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  changed_.notify_all();
}

std::string Response(int status, absl::string_view body, absl::string_view headers) {
  return absl::StrCat("HTTP/1.1 ", status, " Some Reason\r\n", headers,
                      "Content-Length: ", body.size(), "\r\n\r\n", body);
}

ScriptedServer::Script AnswerAll(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    while (peer.ReadRequest() && peer.Write(response)) {
    }
  };
}

}  // namespace mutexd::fakes
