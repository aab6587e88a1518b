#include "service/app/listen_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexd::app {
namespace {

// What has been sent and is not acknowledged for so long ends a connection; as gRPC sets it.
constexpr unsigned int kUnacknowledged = 20'000;  // ms

using AddressInfo = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

absl::Status Cannot(const ListenAddress& address, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", address.ToString(), ": ", why));
}

std::string Reason(int error) {
  switch (error) {
    case EADDRINUSE:
      return "the port is in use; stop who uses it, or choose another";
    case EACCES:
      return "this user may not use it; choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "this machine has no such address; choose one of its own, or 0.0.0.0 for all";
    default:
      return std::strerror(error);
  }
}

void Enable(int socket_fd, int level, int option, int value = 1) {
  setsockopt(socket_fd, level, option, &value, sizeof(value));
}

int OpenSocket(int family) { return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// A descriptor, or minus the errno. Connections inherit the options.
int BindOne(const sockaddr& address, socklen_t size) {
  const int socket_fd = OpenSocket(address.sa_family);
  if (socket_fd < 0) return -errno;
  Enable(socket_fd, SOL_SOCKET, SO_REUSEADDR);  // connections in TIME_WAIT do not matter
  Enable(socket_fd, IPPROTO_TCP, TCP_NODELAY);
  Enable(socket_fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledged);
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    Enable(socket_fd, IPPROTO_IPV6, IPV6_V6ONLY, IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr) ? 0 : 1);
  }
  if (bind(socket_fd, &address, size) == 0) return socket_fd;
  const int error = errno;
  close(socket_fd);
  return -error;
}

int PortOf(int socket_fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(socket_fd, reinterpret_cast<sockaddr*>(&bound), &size);
  // The port stands at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

}  // namespace

absl::StatusOr<ListenSocket> ListenSocket::Bind(const ListenAddress& address,
                                                const UnixSocketAccess& access) {
  ListenSocket socket(address);
  const absl::Status status = address.is_unix() ? socket.BindUnix(access) : socket.BindTcp();
  if (!status.ok()) return status;
  return socket;
}

absl::Status ListenSocket::BindUnix(const UnixSocketAccess& access) {
  const int socket_fd = OpenSocket(AF_UNIX);
  if (socket_fd < 0) return Cannot(address_, std::strerror(errno));
  descriptors_.push_back(socket_fd);
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  address_.unix_path.copy(target.sun_path, sizeof(target.sun_path) - 1);
  // The file has the socket's mode from its beginning: nobody gets in before the mode is set.
  if (fchmod(socket_fd, 0) != 0 ||
      bind(socket_fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) != 0) {
    return Cannot(address_, errno == EADDRINUSE ? "there is a file of this name; choose another"
                                                : std::strerror(errno));
  }
  const char* path = address_.unix_path.c_str();
  if (access.group && chown(path, static_cast<uid_t>(-1), *access.group) != 0) {
    return Cannot(address_, absl::StrCat("its group cannot be set: ", std::strerror(errno),
                                         "; give a group that this user belongs to"));
  }
  if (chmod(path, access.mode) != 0) {
    return Cannot(address_, absl::StrCat("its mode cannot be set: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

absl::Status ListenSocket::BindTcp() {
  const bool everywhere = address_.host == "0.0.0.0" || address_.host == "::";
  port_ = address_.port;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  int last_error = 0;
  for (const char* host : {everywhere ? "::" : address_.host.c_str(), "0.0.0.0"}) {
    addrinfo* first = nullptr;
    const int failed = getaddrinfo(host, nullptr, &hints, &first);
    if (failed != 0) return Cannot(address_, gai_strerror(failed));
    const AddressInfo infos(first, freeaddrinfo);
    for (const addrinfo* info = first; info != nullptr; info = info->ai_next) {
      reinterpret_cast<sockaddr_in*>(info->ai_addr)->sin_port = htons(port_);
      const int bound = BindOne(*info->ai_addr, info->ai_addrlen);
      if (bound == -EADDRINUSE) return Cannot(address_, Reason(EADDRINUSE));
      if (bound < 0) {
        last_error = -bound;  // such as a machine without IPv6
        continue;
      }
      descriptors_.push_back(bound);
      port_ = PortOf(bound);
    }
    if (!descriptors_.empty()) return absl::OkStatus();
    if (!everywhere) break;
  }
  return Cannot(address_, Reason(last_error));
}

absl::Status ListenSocket::Listen() {
  for (const int descriptor : descriptors_) {
    if (listen(descriptor, SOMAXCONN) != 0) return Cannot(address_, Reason(errno));
  }
  return absl::OkStatus();
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : address_(std::move(other.address_)),
      port_(other.port_),
      descriptors_(std::exchange(other.descriptors_, {})) {}

ListenSocket::~ListenSocket() {
  for (const int descriptor : descriptors_) close(descriptor);
}

}  // namespace mutexd::app
