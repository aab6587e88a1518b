// A channel to a server through a pair of sockets.
#pragma once

#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>

#include "service/rpc/grpc_server.h"

namespace mutexd::rpc {

inline std::shared_ptr<grpc::Channel> ChannelTo(GrpcServer& server) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  server.Serve(ends[0]);
  return grpc::CreateInsecureChannelFromFd("server", ends[1]);
}

}  // namespace mutexd::rpc
