#include "service/app/channelz_listener.h"

#include <utility>
#include <vector>

namespace mutexd::app {

ChannelzListener::ChannelzListener(std::string address)
    : address_(std::move(address)), reflection_({"grpc.channelz.v1.Channelz"}) {}

// The server would wait for the streams of tools that stay.
ChannelzListener::~ChannelzListener() { reflection_.Shutdown(); }

absl::StatusOr<std::unique_ptr<ChannelzListener>> ChannelzListener::Start(
    ListenSocket socket, AcceptObserver& observer) {
  std::unique_ptr<ChannelzListener> listener(new ChannelzListener(socket.address()));
  std::vector<rpc::AsyncService*> services = listener->reflection_.services();
  services.push_back(&listener->channelz_.service());
  auto server = rpc::GrpcServer::Start({}, nullptr, services);
  if (!server.ok()) return server.status();
  listener->server_ = *std::move(server);
  auto acceptor = ConnectionAcceptor::Start(
      std::move(socket),
      [server = listener->server_.get()](int descriptor) { server->Serve(descriptor); }, observer);
  if (!acceptor.ok()) return acceptor.status();
  listener->acceptor_ = *std::move(acceptor);
  return listener;
}

}  // namespace mutexd::app
