// A TCP listener with a thread per connection, which stops promptly whatever its peers do.
//
// cpp-httplib's own accept loop keeps connections in a fixed pool (so that idle ones starve
// others), waits for idle ones when it stops, shares its port silently and has a backlog of 5.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mutexd::sandbox {

// Whether a numeric address, or "localhost", can only be reached from this machine.
bool IsLoopback(absl::string_view host);

class Listener {
 public:
  // Serves one connection on its own thread and returns when it is over. It must look at `stopping`
  // before each request: from then on reads yield the end of the stream. Does not close the socket.
  using Serve = std::function<void(int socket, const std::atomic<bool>& stopping)>;

  // Binds `host`, a numeric address or "localhost", and begins to accept. Port 0 picks a free one.
  // FAILED_PRECONDITION when the port is in use, which is never shared.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(const std::string& host, int port,
                                                         Serve serve);

  ~Listener();  // stops
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }

  // No more connections; those that are idle end at once, and those in a reply have a second to
  // finish it. Returns when all threads have ended. May be called again.
  void Stop();

 private:
  struct Connection {
    int socket = -1;
    std::thread thread;
  };

  Listener(int listening_socket, int port, Serve serve);

  void AcceptLoop();
  void Adopt(int socket);
  void OnConnectionOver(int id);
  void JoinFinished();
  void ShutDownConnections(int how);

  const int listening_socket_;
  const int port_;
  const Serve serve_;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::condition_variable changed_;        // connections_ or finished_ changed
  std::map<int, Connection> connections_;  // being served, by a running number
  std::vector<std::thread> finished_;      // done, to be joined
  int next_id_ = 0;

  std::mutex stop_mutex_;  // held while stopping
  std::thread accept_thread_;
};

}  // namespace mutexd::sandbox
