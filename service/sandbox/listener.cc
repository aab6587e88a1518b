#include "service/sandbox/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace mutexd::sandbox {
namespace {

// More connections than this wait in the backlog until another ends.
constexpr std::size_t kMaxConnections = 1024;

constexpr int kBacklog = 1024;
constexpr auto kTimeToFinish = std::chrono::seconds(1);
constexpr auto kPauseWithoutDescriptors = std::chrono::milliseconds(20);

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// The address of a numeric host or of "localhost"; null when it is neither.
Addresses Resolve(absl::string_view host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string numeric = host == "localhost" ? "127.0.0.1" : std::string(host);
  if (getaddrinfo(numeric.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0) {
    found = nullptr;
  }
  return {found, &freeaddrinfo};
}

int PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

bool IsLoopback(absl::string_view host) {
  const Addresses addresses = Resolve(host, 0);
  if (addresses == nullptr) return false;
  if (addresses->ai_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(*addresses->ai_addr);
    return IN6_IS_ADDR_LOOPBACK(&address.sin6_addr);
  }
  const auto& address = reinterpret_cast<const sockaddr_in&>(*addresses->ai_addr);
  return ntohl(address.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(const std::string& host, int port,
                                                          Serve serve) {
  const Addresses addresses = Resolve(host, port);
  if (addresses == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on ", host, ": use a numeric address such as 127.0.0.1"));
  }
  const int listening =
      socket(addresses->ai_family, addresses->ai_socktype | SOCK_CLOEXEC, addresses->ai_protocol);
  if (listening < 0) return absl::ErrnoToStatus(errno, "cannot create a socket");
  // Takes over a port whose former connections linger, not one that somebody listens on.
  const int yes = 1;
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listening, addresses->ai_addr, addresses->ai_addrlen) != 0 ||
      listen(listening, kBacklog) != 0) {
    const int error = errno;
    close(listening);
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", host, " port ", port, ": ", std::strerror(error)));
  }
  return std::unique_ptr<Listener>(new Listener(listening, PortOf(listening), std::move(serve)));
}

Listener::Listener(int listening_socket, int port, Serve serve)
    : listening_socket_(listening_socket), port_(port), serve_(std::move(serve)) {
  accept_thread_ = std::thread([this] { AcceptLoop(); });
}

Listener::~Listener() {
  Stop();
  close(listening_socket_);
}

void Listener::Stop() {
  const std::lock_guard stop_lock(stop_mutex_);
  if (!accept_thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  shutdown(listening_socket_, SHUT_RDWR);  // wakes accept
  accept_thread_.join();

  ShutDownConnections(SHUT_RD);
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kTimeToFinish, [this] { return connections_.empty(); });
  }
  ShutDownConnections(SHUT_RDWR);
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return connections_.empty(); });
  }
  JoinFinished();
}

void Listener::AcceptLoop() {
  while (!stopping_) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || connections_.size() < kMaxConnections; });
    }
    const int accepted = accept4(listening_socket_, nullptr, nullptr, SOCK_CLOEXEC);
    JoinFinished();
    if (accepted >= 0) {
      Adopt(accepted);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kPauseWithoutDescriptors, [this] { return stopping_.load(); });
    }
    // Any other error concerns the one connection, or is the end that `stopping_` tells of.
  }
}

void Listener::Adopt(int socket) {
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const std::lock_guard lock(mutex_);
  const int id = next_id_++;
  Connection& connection = connections_[id];
  connection.socket = socket;
  try {
    connection.thread = std::thread([this, id, socket] {
      serve_(socket, stopping_);
      OnConnectionOver(id);
    });
  } catch (const std::system_error&) {  // the system has no more threads
    connections_.erase(id);
    close(socket);
  }
}

void Listener::OnConnectionOver(int id) {
  const std::lock_guard lock(mutex_);
  const auto connection = connections_.find(id);
  // Under the lock, so that ShutDownConnections never meets a number that was given out again.
  close(connection->second.socket);
  finished_.push_back(std::move(connection->second.thread));
  connections_.erase(connection);
  changed_.notify_all();
}

void Listener::JoinFinished() {
  std::vector<std::thread> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (std::thread& thread : finished) thread.join();
}

void Listener::ShutDownConnections(int how) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, connection] : connections_) shutdown(connection.socket, how);
}

}  // namespace mutexd::sandbox
