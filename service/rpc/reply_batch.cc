#include "service/rpc/reply_batch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace mutexd::rpc {
namespace {

// Fails where it is not a TCP connection, or no longer one: then there is nothing to hold.
bool SetCork(int descriptor, int on) {
  return setsockopt(descriptor, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)) == 0;
}

}  // namespace

ReplyBatch::~ReplyBatch() {
  for (const Connection& connection : connections_) {
    if (connection.held) SetCork(connection.descriptor, 0);
  }
}

void ReplyBatch::Add(int descriptor) {
  const auto known =
      std::find_if(connections_.begin(), connections_.end(),
                   [&](const Connection& other) { return other.descriptor == descriptor; });
  if (known == connections_.end()) {
    connections_.push_back({descriptor, SetCork(descriptor, 1)});
  } else if (!known->held) {
    known->held = SetCork(descriptor, 1);
  }
}

}  // namespace mutexd::rpc
