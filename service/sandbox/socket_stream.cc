#include "service/sandbox/socket_stream.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace mutexd::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBufferBytes = 16 * 1024;
constexpr auto kGoodbye = std::chrono::milliseconds(500);

// Waits until the socket is ready for `events`, or has an error or an end to report.
bool WaitFor(int socket, short events, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd entry{socket, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return false;
  }
}

void NameOf(const sockaddr_storage& address, socklen_t length, std::string& ip, int& port) {
  char host[NI_MAXHOST];
  char service[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host, sizeof host, service,
                  sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
    ip = host;
    port = std::atoi(service);
  }
}

}  // namespace

SocketStream::SocketStream(int socket, std::chrono::milliseconds timeout)
    : socket_(socket), timeout_(timeout), buffer_(kBufferBytes) {}

bool SocketStream::WaitForRequest(std::chrono::milliseconds patience) {
  if (buffer_begin_ < buffer_end_) return true;
  if (!WaitFor(socket_, POLLIN, patience)) return false;
  char byte;
  return recv(socket_, &byte, 1, MSG_PEEK) == 1;
}

void SocketStream::CloseGently() {
  shutdown(socket_, SHUT_WR);
  const auto deadline = Clock::now() + kGoodbye;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0 || !WaitFor(socket_, POLLIN, left)) return;
    if (recv(socket_, buffer_.data(), buffer_.size(), 0) <= 0) return;
  }
}

bool SocketStream::is_readable() const {
  return buffer_begin_ < buffer_end_ || WaitFor(socket_, POLLIN, timeout_);
}

bool SocketStream::is_writable() const { return WaitFor(socket_, POLLOUT, timeout_); }

ssize_t SocketStream::read(char* data, std::size_t size) {
  if (buffer_begin_ == buffer_end_) {
    ssize_t count;
    do {
      if (!WaitFor(socket_, POLLIN, timeout_)) return -1;
      count = recv(socket_, buffer_.data(), buffer_.size(), 0);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return count;
    buffer_begin_ = 0;
    buffer_end_ = static_cast<std::size_t>(count);
  }
  const std::size_t count = std::min(size, buffer_end_ - buffer_begin_);
  std::memcpy(data, buffer_.data() + buffer_begin_, count);
  buffer_begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t SocketStream::write(const char* data, std::size_t size) {
  for (;;) {
    if (!WaitFor(socket_, POLLOUT, timeout_)) return -1;
    const ssize_t count = send(socket_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN)) return count;
  }
}

void SocketStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getpeername(socket_, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    NameOf(address, length, ip, port);
  }
}

void SocketStream::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    NameOf(address, length, ip, port);
  }
}

}  // namespace mutexd::sandbox
