// By which socket a call has come, which gRPC does not tell.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace mutexd::rpc {

// The TCP connections of a server by their peers, named as gRPC names them. Those that have ended
// stay until their descriptors or their peers' ports come again. Any thread.
class PeerSockets {
 public:
  // The socket is connected. Others than TCP's are left out.
  void Add(int descriptor);

  // The descriptor of the peer's latest connection, which may have ended; -1 when there is none.
  // `peer` is what ServerContext::peer() says.
  int Find(absl::string_view peer) const;

 private:
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, int> descriptors_ ABSL_GUARDED_BY(mutex_);  // by peer
  std::unordered_map<int, std::string> peers_ ABSL_GUARDED_BY(mutex_);         // by descriptor
};

}  // namespace mutexd::rpc
