#include "service/app/open_connections.h"

#include <sys/stat.h>

namespace mutexd::app {
namespace {

// A storm of connections over the limit must not look at all the others for each of them.
constexpr std::size_t kFew = 100;
constexpr std::chrono::milliseconds kInterval{50};

// The kernel gives each socket a number of its own. 0: not a socket, or closed.
ino_t NumberOf(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return 0;
  return status.st_ino;
}

}  // namespace

bool OpenConnections::Add(int descriptor) {
  const ino_t number = NumberOf(descriptor);
  const std::lock_guard lock(mutex_);
  sockets_.erase(descriptor);  // the one before has ended
  if (sockets_.size() >= limit_) MakeRoom();
  if (sockets_.size() >= limit_) return false;
  sockets_[descriptor] = number;
  return true;
}

std::size_t OpenConnections::Count() {
  const std::lock_guard lock(mutex_);
  ForgetEnded();
  return sockets_.size();
}

void OpenConnections::MakeRoom() {
  const auto now = std::chrono::steady_clock::now();
  if (sockets_.size() > kFew && now - room_made_ < kInterval) return;
  room_made_ = now;
  ForgetEnded();
}

void OpenConnections::ForgetEnded() {
  std::erase_if(sockets_,
                [](const auto& socket) { return NumberOf(socket.first) != socket.second; });
}

}  // namespace mutexd::app
