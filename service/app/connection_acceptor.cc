#include "service/app/connection_acceptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace mutexd::app {
namespace {

constexpr int kPause = 100;  // ms between attempts while nothing can be accepted

// What accept says of a connection that has failed before it was accepted: the next may be fine.
bool IsOfTheConnection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:  // a firewall's
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENONET:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Start(
    ListenSocket socket, std::function<void(int descriptor)> take, AcceptObserver& observer) {
  const absl::Status listening = socket.Listen();
  if (!listening.ok()) return listening;
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) return absl::InternalError(absl::StrCat("eventfd: ", std::strerror(errno)));
  return std::unique_ptr<ConnectionAcceptor>(
      new ConnectionAcceptor(std::move(socket), std::move(take), observer, wake));
}

ConnectionAcceptor::ConnectionAcceptor(ListenSocket socket, std::function<void(int)> take,
                                       AcceptObserver& observer, int wake)
    : socket_(std::move(socket)), take_(std::move(take)), observer_(observer), wake_(wake) {
  thread_ = std::thread([this] { Run(); });
}

ConnectionAcceptor::~ConnectionAcceptor() {
  const std::uint64_t one = 1;
  // An eventfd that was never written to cannot be full.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
  thread_.join();
  close(wake_);
}

void ConnectionAcceptor::Run() {
  std::vector<pollfd> watched = {{wake_, POLLIN, 0}};
  for (const int descriptor : socket_.descriptors()) watched.push_back({descriptor, POLLIN, 0});
  while (true) {
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0) return;
    for (std::size_t i = 1; i < watched.size(); ++i) {
      if (watched[i].revents != 0) AcceptAll(watched[i].fd);
    }
    if (paused_ && WaitForWake(kPause)) return;
  }
}

void ConnectionAcceptor::AcceptAll(int listening) {
  while (true) {
    const int connection = accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) {
      if (errno == EAGAIN) return;
      if (IsOfTheConnection(errno)) continue;
      if (!std::exchange(paused_, true)) observer_.OnPaused(errno);
      return;
    }
    if (std::exchange(paused_, false)) observer_.OnResumed();
    if (observer_.OnAccepted(connection)) {
      take_(connection);
    } else {
      close(connection);
    }
  }
}

bool ConnectionAcceptor::WaitForWake(int milliseconds) {
  pollfd wake{wake_, POLLIN, 0};
  return poll(&wake, 1, milliseconds) > 0;
}

}  // namespace mutexd::app
