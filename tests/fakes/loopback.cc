#include "tests/fakes/loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mutexd::fakes {
namespace {

sockaddr_in LoopbackAddress(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int BoundSocket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = LoopbackAddress(0);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return socket;
  }
  ::close(socket);
  return -1;
}

}  // namespace

int ListenOnLoopback(int backlog) {
  const int socket = BoundSocket();
  if (socket >= 0) ::listen(socket, backlog);
  return socket;
}

int ConnectToLoopback(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = LoopbackAddress(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return socket;
  }
  ::close(socket);
  return -1;
}

int PortOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

RefusingPort::RefusingPort() : socket_(BoundSocket()), port_(PortOf(socket_)) {}

RefusingPort::~RefusingPort() { ::close(socket_); }

SilentPort::SilentPort() : listener_(ListenOnLoopback(0)), port_(PortOf(listener_)) {
  const sockaddr_in address = LoopbackAddress(port_);
  // One connection fills a queue of this length; the others make sure of it.
  for (int i = 0; i < 4; ++i) {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    clients_.push_back(client);
  }
}

SilentPort::~SilentPort() {
  for (const int client : clients_) ::close(client);
  ::close(listener_);
}

}  // namespace mutexd::fakes
