// Replies that are given one right after the other leave together.
#pragma once

#include "absl/container/inlined_vector.h"

namespace mutexd::rpc {

// gRPC sends each reply by a system call of its own, at which the kernel makes a packet, carries it
// off and wakes its reader. While a batch lasts, the replies of a TCP connection wait in the kernel
// for the batch's end, except for what fills a packet (TCP_CORK, tcp(7)). Other sockets send as
// ever.
class ReplyBatch {
 public:
  ReplyBatch() = default;
  ~ReplyBatch();  // sends what waits
  ReplyBatch(const ReplyBatch&) = delete;
  ReplyBatch& operator=(const ReplyBatch&) = delete;

  // A reply is about to be sent on this socket. Whose descriptor it is may have changed by now: to
  // hold back another connection for so long does it no harm.
  void Add(int descriptor);

 private:
  absl::InlinedVector<int, 8> held_;  // descriptors
};

}  // namespace mutexd::rpc
