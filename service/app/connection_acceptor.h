// Accepts connections and hands them over.
//
// gRPC's own listeners stop for good when there are no descriptors left, know no bound of
// connections, and do not say why an address cannot be had.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "service/app/listen_socket.h"

namespace mutexd::app {

// On the acceptor's thread.
class AcceptObserver {
 public:
  virtual ~AcceptObserver() = default;

  // A connection is there; false closes it at once. It may be one too many.
  virtual bool OnAccepted(int descriptor) = 0;

  // None can be accepted for now, for the reason that `error`, an errno, says: no descriptors or
  // memory are left. They wait in the kernel's queue.
  virtual void OnPaused(int error) = 0;
  virtual void OnResumed() = 0;
};

class ConnectionAcceptor {
 public:
  // Listens. `take` gets each connection, does not block, and owns the descriptor from then on.
  // `observer` must outlive this.
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Start(
      ListenSocket socket, std::function<void(int descriptor)> take, AcceptObserver& observer);
  ~ConnectionAcceptor();
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;

 private:
  ConnectionAcceptor(ListenSocket socket, std::function<void(int)> take, AcceptObserver& observer,
                     int wake);

  void Run();
  void AcceptAll(int listening);
  bool WaitForWake(int milliseconds);

  ListenSocket socket_;
  const std::function<void(int)> take_;
  AcceptObserver& observer_;
  const int wake_;  // an eventfd that becomes readable at the end
  bool paused_ = false;
  std::thread thread_;
};

}  // namespace mutexd::app
