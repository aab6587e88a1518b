// The sockets of one address, from which connections are accepted.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/app/listen_address.h"

namespace mutexd::app {

// Who may connect to a unix socket: write permission decides.
struct UnixSocketAccess {
  mode_t mode = 0660;
  std::optional<gid_t> group;  // absent: the process'
};

// TCP: every address that a name stands for, on one port, which is never shared; 0.0.0.0 and [::]
// are all addresses of both families. Nobody can connect before Listen.
class ListenSocket {
 public:
  // The error names the address and what is in the way.
  static absl::StatusOr<ListenSocket> Bind(const ListenAddress& address,
                                           const UnixSocketAccess& access = {});

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();  // closes; the file of a unix socket stays, for ListenerClaim to remove

  absl::Status Listen();

  // With the real port.
  std::string address() const { return address_.ToString(port_); }
  const std::vector<int>& descriptors() const { return descriptors_; }  // do not block

 private:
  explicit ListenSocket(ListenAddress address) : address_(std::move(address)) {}

  absl::Status BindUnix(const UnixSocketAccess& access);
  absl::Status BindTcp();

  ListenAddress address_;
  int port_ = 0;
  std::vector<int> descriptors_;
};

}  // namespace mutexd::app
