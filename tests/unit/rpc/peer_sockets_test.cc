#include "service/rpc/peer_sockets.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"
#include "service/rpc/grpc_server.h"
#include "tests/unit/rpc/tcp_pair.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

// Tells callers what gRPC calls them.
class PeerTeller final : public AsyncService {
 public:
  grpc::Service& service() override { return generated_; }
  void Serve(CallSource&) override {}

 private:
  class Generated final : public v1::MutexGroupService::CallbackService {
    grpc::ServerUnaryReactor* GetMutexGroup(grpc::CallbackServerContext* context,
                                            const v1::GetMutexGroupRequest*,
                                            v1::GetMutexGroupResponse* response) override {
      response->mutable_mutex_group()->set_name(context->peer());
      grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
      reactor->Finish(grpc::Status::OK);
      return reactor;
    }
  };
  Generated generated_;
};

// What gRPC calls the peer of this connection, which it takes over.
std::string GrpcsNameOf(TcpPair& connection) {
  PeerTeller teller;
  auto server = GrpcServer::Start({}, nullptr, {&teller});
  EXPECT_TRUE(server.ok()) << server.status();
  fcntl(connection.connecting(), F_SETFL, O_NONBLOCK);
  (*server)->Serve(connection.TakeAccepted());
  const auto channel = grpc::CreateInsecureChannelFromFd("server", connection.TakeConnecting());
  grpc::ClientContext context;
  v1::GetMutexGroupResponse response;
  const grpc::Status status =
      v1::MutexGroupService::NewStub(channel)->GetMutexGroup(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.mutex_group().name();
}

class PeerSocketsTest : public ::testing::TestWithParam<int> {};

TEST_P(PeerSocketsTest, FindsASocketByTheNameThatGrpcGivesItsPeer) {
  TcpPair connection(GetParam());
  if (!connection.connected()) GTEST_SKIP() << "this machine has no such addresses";
  PeerSockets sockets;
  const int descriptor = connection.accepted();
  sockets.Add(descriptor);
  const std::string name = GrpcsNameOf(connection);
  EXPECT_EQ(sockets.Find(name), descriptor) << name;
  EXPECT_EQ(sockets.Find(name + "0"), -1);
}

INSTANTIATE_TEST_SUITE_P(Families, PeerSocketsTest, ::testing::Values(AF_INET, AF_INET6));

TEST(PeerSockets, ADescriptorStandsForItsLatestPeer) {
  TcpPair first;
  TcpPair second;
  PeerSockets sockets;
  const int descriptor = first.accepted();
  sockets.Add(descriptor);
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ASSERT_EQ(getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string former = "ipv4:127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  EXPECT_EQ(sockets.Find(former), descriptor);

  ASSERT_EQ(dup2(second.accepted(), descriptor), descriptor);
  sockets.Add(descriptor);
  EXPECT_EQ(sockets.Find(former), -1);
}

TEST(PeerSockets, OtherSocketsAreLeftOut) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  PeerSockets sockets;
  sockets.Add(ends[0]);
  EXPECT_EQ(sockets.Find(""), -1);
  EXPECT_EQ(sockets.Find("unix:"), -1);
  close(ends[0]);
  close(ends[1]);
  sockets.Add(ends[0]);
  EXPECT_EQ(sockets.Find(""), -1);
}

}  // namespace
}  // namespace mutexd::rpc
