#include "service/http/socket_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace mutexd::http {

SocketWatch::SocketWatch(const asio::any_io_executor& loop, int socket, OnEvent on_event)
    : descriptor_(loop), socket_(socket), on_event_(std::move(on_event)) {}

SocketWatch::~SocketWatch() { Release(); }

bool SocketWatch::Register() {
  const int duplicate = ::fcntl(socket_, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return false;
  asio::error_code error;
  descriptor_.assign(duplicate, error);
  if (error) ::close(duplicate);
  return !error;
}

void SocketWatch::WatchFor(bool readable, bool writable) {
  if (!descriptor_.is_open()) return;
  read_.wanted = readable;
  write_.wanted = writable;
  Arm(read_);
  Arm(write_);
}

void SocketWatch::Release() {
  // Not descriptor_.close(): that leaves it to the kernel to forget the registration, which it does
  // only once the owner has closed the socket, too.
  if (descriptor_.is_open()) ::close(descriptor_.release());
}

void SocketWatch::Arm(Direction& direction) {
  if (!direction.wanted || direction.waiting) return;
  direction.waiting = true;
  descriptor_.async_wait(
      direction.wait, [self = shared_from_this(), &direction](asio::error_code error) {
        direction.waiting = false;
        if (!self->descriptor_.is_open()) return;
        // A wait that is no longer wanted is left to run out.
        if (direction.wanted) {
          self->on_event_(self->socket_, error ? Event::kError : direction.event);
        }
        if (self->descriptor_.is_open()) self->Arm(direction);
      });
}

}  // namespace mutexd::http
