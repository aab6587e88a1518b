// Sockets on 127.0.0.1, and two addresses there that nobody can connect to.
#pragma once

#include <vector>

namespace mutexd::fakes {

// A listening socket on an ephemeral port; -1 if there is none to be had.
int ListenOnLoopback(int backlog);

// A connected socket; -1 if refused.
int ConnectToLoopback(int port);

int PortOf(int socket);

// A port that refuses connections, and that nobody else gets meanwhile.
class RefusingPort {
 public:
  RefusingPort();
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;

  int port() const { return port_; }

 private:
  int socket_;
  int port_;
};

// A port where connecting neither succeeds nor fails: its queue is full, so that the kernel drops
// what arrives.
class SilentPort {
 public:
  SilentPort();
  ~SilentPort();
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  int port() const { return port_; }

 private:
  int listener_;
  int port_;
  std::vector<int> clients_;
};

}  // namespace mutexd::fakes
