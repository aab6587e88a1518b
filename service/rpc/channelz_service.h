// gRPC's own view of its servers, connections and channels, by the standard grpc.channelz.v1.
#pragma once

#include <memory>

#include "service/rpc/async_service.h"

namespace mutexd::rpc {

// Shows those servers of the process that record it (GrpcLimits::channelz), with the addresses of
// all their callers: for operators, on a server of its own. Any thread.
class ChannelzService {
 public:
  ChannelzService();
  ~ChannelzService();  // shut the server down first
  ChannelzService(const ChannelzService&) = delete;
  ChannelzService& operator=(const ChannelzService&) = delete;

  // To be registered.
  AsyncService& service();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mutexd::rpc
