// The trail of writes: what is kept of every attempt to change something, whatever became of it.
#pragma once

#include <google/protobuf/message.h>
#include <asio/awaitable.hpp>

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/amplitude/amplitude_types.h"
#include "service/rpc/rpc_observer.h"

namespace mutexd::rpc {

// One attempt, once its outcome is known.
struct WriteRecord {
  absl::Time time;  // of the outcome
  RpcReport report;
  std::shared_ptr<const google::protobuf::Message> request;  // null: it could not be read

  // The group before the attempt, and as it was last seen after it; null where it was not read.
  std::shared_ptr<const amplitude::FetchedGroup> before;
  std::shared_ptr<const amplitude::FetchedGroup> after;
};

// Called on the event loop; must not block.
class WriteTrail {
 public:
  virtual ~WriteTrail() = default;

  // Asked before a write does anything: whether a record can be kept now. The error is the
  // caller's. It is not cancelled with the call: it takes no longer than looking at a file.
  virtual asio::awaitable<absl::Status> Prepare() = 0;

  // Keeps the record, and then calls `kept` on the event loop; not before this function returns.
  // What can be done no more when a record cannot be kept is the trail's affair: the attempt has
  // been made, and its caller is told what became of it.
  virtual void Keep(WriteRecord record, std::function<void()> kept) = 0;
};

}  // namespace mutexd::rpc
