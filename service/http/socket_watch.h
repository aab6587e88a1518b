// Watches one socket that belongs to somebody else on an Asio event loop. Internal to this folder.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>

namespace mutexd::http {

// Registered with the loop from Register() to Release(); in between, what is watched for may change
// at no cost in system calls. Never closes the socket. Owned by shared_ptr, as waits outlive
// Release().
class SocketWatch : public std::enable_shared_from_this<SocketWatch> {
 public:
  enum class Event { kReadable, kWritable, kError };
  using OnEvent = std::function<void(int socket, Event event)>;

  // `on_event` runs on the loop, from a handler of its own, and not after Release(). It may release
  // this watch, or change what it watches for.
  SocketWatch(asio::io_context& loop, int socket, OnEvent on_event);
  ~SocketWatch();

  // False when the loop cannot watch this descriptor.
  bool Register();

  void WatchFor(bool readable, bool writable);

  void Release();

 private:
  struct Direction {
    asio::posix::stream_descriptor::wait_type wait;
    Event event;
    bool wanted = false;
    bool waiting = false;
  };

  void Arm(Direction& direction);

  asio::posix::stream_descriptor descriptor_;
  const int socket_;
  const OnEvent on_event_;
  bool registered_ = false;
  Direction read_{asio::posix::stream_descriptor::wait_read, Event::kReadable};
  Direction write_{asio::posix::stream_descriptor::wait_write, Event::kWritable};
};

}  // namespace mutexd::http
