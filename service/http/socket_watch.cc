#include "service/http/socket_watch.h"

#include <utility>

namespace mutexd::http {

SocketWatch::SocketWatch(asio::io_context& loop, int socket, OnEvent on_event)
    : descriptor_(loop), socket_(socket), on_event_(std::move(on_event)) {}

SocketWatch::~SocketWatch() { Release(); }

bool SocketWatch::Register() {
  asio::error_code error;
  descriptor_.assign(socket_, error);
  registered_ = !error;
  return registered_;
}

void SocketWatch::WatchFor(bool readable, bool writable) {
  if (!registered_) return;
  read_.wanted = readable;
  write_.wanted = writable;
  Arm(read_);
  Arm(write_);
}

void SocketWatch::Release() {
  if (!registered_) return;
  registered_ = false;
  descriptor_.release();
}

void SocketWatch::Arm(Direction& direction) {
  if (!direction.wanted || direction.waiting) return;
  direction.waiting = true;
  descriptor_.async_wait(
      direction.wait, [self = shared_from_this(), &direction](asio::error_code error) {
        direction.waiting = false;
        if (!self->registered_) return;
        // A wait that is no longer wanted is left to run out.
        if (direction.wanted) {
          self->on_event_(self->socket_, error ? Event::kError : direction.event);
        }
        if (self->registered_) self->Arm(direction);
      });
}

}  // namespace mutexd::http
