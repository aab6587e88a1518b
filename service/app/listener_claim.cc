#include "service/app/listener_claim.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace mutexd::app {
namespace {

absl::Status Cannot(const ListenAddress& address, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", address.ToString(), ": ", why));
}

absl::Status CannotByErrno(const ListenAddress& address, int error) {
  return Cannot(address, error == EADDRINUSE ? "the port is in use; stop who uses it, or choose "
                                               "another"
                                             : std::strerror(error));
}

// 0, or the errno with which this address cannot be bound.
int TryToBind(const addrinfo& info) {
  const int socket_fd = socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return errno;
  const auto closer = absl::MakeCleanup([&] { close(socket_fd); });
  const int yes = 1;  // like the server: connections of a former process in TIME_WAIT do not matter
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  return bind(socket_fd, info.ai_addr, info.ai_addrlen) == 0 ? 0 : errno;
}

absl::Status CheckTcp(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* first = nullptr;
  const int failed =
      getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &first);
  if (failed != 0) return Cannot(address, gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> infos(first, freeaddrinfo);

  int last_error = 0;
  bool any = false;
  for (const addrinfo* info = first; info != nullptr; info = info->ai_next) {
    const int error = TryToBind(*info);
    if (error == EADDRINUSE) return CannotByErrno(address, error);
    if (error == 0) any = true;
    if (error != 0) last_error = error;  // such as a machine without IPv6
  }
  return any ? absl::OkStatus() : CannotByErrno(address, last_error);
}

bool SomebodyAnswers(const std::string& path) {
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  path.copy(target.sun_path, sizeof(target.sun_path) - 1);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return false;
  const auto closer = absl::MakeCleanup([&] { close(socket_fd); });
  return connect(socket_fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0;
}

absl::Status RemoveStaleSocket(const ListenAddress& address) {
  struct stat status {};
  if (lstat(address.unix_path.c_str(), &status) != 0) {
    return errno == ENOENT ? absl::OkStatus() : CannotByErrno(address, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Cannot(address, "there is something else than a socket; choose another path");
  }
  if (SomebodyAnswers(address.unix_path)) {
    return Cannot(address, "another process serves it; stop that, or choose another path");
  }
  return unlink(address.unix_path.c_str()) == 0 ? absl::OkStatus() : CannotByErrno(address, errno);
}

}  // namespace

absl::StatusOr<ListenerClaim> ListenerClaim::Take(const ListenAddress& address) {
  if (!address.is_unix()) {
    const absl::Status status = CheckTcp(address);
    if (!status.ok()) return status;
    return ListenerClaim("", -1);
  }
  const std::string lock_path = absl::StrCat(address.unix_path, ".lock");
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return Cannot(address, absl::StrCat(lock_path, ": ", std::strerror(errno)));
  ListenerClaim claim("", lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return Cannot(address, "another process holds it; stop that, or choose another path");
  }
  const absl::Status status = RemoveStaleSocket(address);
  if (!status.ok()) return status;
  claim.unix_path_ = address.unix_path;
  return claim;
}

ListenerClaim::ListenerClaim(ListenerClaim&& other) noexcept
    : unix_path_(std::exchange(other.unix_path_, {})), lock_(std::exchange(other.lock_, -1)) {}

ListenerClaim::~ListenerClaim() {
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
  if (lock_ >= 0) close(lock_);
}

}  // namespace mutexd::app
