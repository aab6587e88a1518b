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
  for (const int descriptor : held_) SetCork(descriptor, 0);
}

void ReplyBatch::Add(int descriptor) {
  const bool held = std::find(held_.begin(), held_.end(), descriptor) != held_.end();
  if (!held && SetCork(descriptor, 1)) held_.push_back(descriptor);
}

}  // namespace mutexd::rpc
