// How many connections are open. gRPC does not tell when one ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <unordered_map>

namespace mutexd::app {

// Remembers which socket each descriptor was: one that is closed, or is something else by now, has
// ended. Any thread.
class OpenConnections {
 public:
  explicit OpenConnections(std::size_t limit) : limit_(limit) {}

  // Whether the connection, just accepted, is within the limit; then it counts until its
  // descriptor is closed. That one of very many has ended may be noticed 50 ms late.
  bool Add(int descriptor);

  // Looks at every connection: some milliseconds for 10,000.
  std::size_t Count();

 private:
  void MakeRoom();
  void ForgetEnded();

  const std::size_t limit_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point room_made_;
  std::unordered_map<int, ino_t> sockets_;  // by descriptor; some may have ended
};

}  // namespace mutexd::app
