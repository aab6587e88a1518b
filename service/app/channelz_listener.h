// The address on which channelz is served, apart from those for callers.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/app/connection_acceptor.h"
#include "service/app/listen_socket.h"
#include "service/rpc/channelz_service.h"
#include "service/rpc/grpc_server.h"
#include "service/rpc/reflection_service.h"

namespace mutexd::app {

class ChannelzListener {
 public:
  // Serves when it returns, until its end. `observer` must outlive it.
  static absl::StatusOr<std::unique_ptr<ChannelzListener>> Start(ListenSocket socket,
                                                                 AcceptObserver& observer);
  ~ChannelzListener();
  ChannelzListener(const ChannelzListener&) = delete;
  ChannelzListener& operator=(const ChannelzListener&) = delete;

  // With the real port.
  const std::string& address() const { return address_; }

 private:
  explicit ChannelzListener(std::string address);

  const std::string address_;
  rpc::ChannelzService channelz_;
  rpc::ReflectionService reflection_;
  std::unique_ptr<rpc::GrpcServer> server_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;  // goes first
};

}  // namespace mutexd::app
