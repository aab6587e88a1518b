// Watches one socket that belongs to somebody else on an Asio event loop. Internal to this folder.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>

namespace mutexd::http {

// Watches by a duplicate of the descriptor: the owner may close the socket before it says so, and
// by then its number can be another thread's. Owned by shared_ptr, as waits outlive Release().
class SocketWatch : public std::enable_shared_from_this<SocketWatch> {
 public:
  enum class Event { kReadable, kWritable, kError };
  using OnEvent = std::function<void(int socket, Event event)>;

  // `on_event` runs on the loop, from a handler of its own, and not after Release(). It may release
  // this watch, or change what it watches for.
  SocketWatch(const asio::any_io_executor& loop, int socket, OnEvent on_event);
  ~SocketWatch();

  // To be called first. False when out of descriptors or memory.
  bool Register();

  void WatchFor(bool readable, bool writable);

  // Ends it. The socket is not closed before this is called, whatever its owner does.
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
  Direction read_{asio::posix::stream_descriptor::wait_read, Event::kReadable};
  Direction write_{asio::posix::stream_descriptor::wait_write, Event::kWritable};
};

}  // namespace mutexd::http
