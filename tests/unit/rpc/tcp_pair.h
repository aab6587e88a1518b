// Two ends of a TCP connection on this machine.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace mutexd::rpc {

class TcpPair {
 public:
  explicit TcpPair(int family = AF_INET) {
    sockaddr_storage address{};
    socklen_t size = sizeof(sockaddr_in);
    address.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET6) {
      reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr = in6addr_loopback;
      size = sizeof(sockaddr_in6);
    } else {
      reinterpret_cast<sockaddr_in*>(&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    auto* any = reinterpret_cast<sockaddr*>(&address);
    const int listening = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ends_[1] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listening, any, size) == 0 && listen(listening, 1) == 0 &&
        getsockname(listening, any, &size) == 0 && connect(ends_[1], any, size) == 0) {
      ends_[0] = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    close(listening);
  }
  ~TcpPair() {
    for (const int end : ends_) {
      if (end >= 0) close(end);
    }
  }
  TcpPair(const TcpPair&) = delete;
  TcpPair& operator=(const TcpPair&) = delete;

  bool connected() const { return ends_[0] >= 0; }
  int accepted() const { return ends_[0]; }
  int connecting() const { return ends_[1]; }

  // They belong to the caller from now on.
  int TakeAccepted() { return std::exchange(ends_[0], -1); }
  int TakeConnecting() { return std::exchange(ends_[1], -1); }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

}  // namespace mutexd::rpc
