// Where RPCs begin and end, for metrics and the access log.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::rpc {

// What is known of an RPC once its reply is about to be handed to gRPC.
struct RpcReport {
  absl::string_view method;  // such as "GetMutexGroup"
  std::string rpc_id;
  std::string caller;  // who called, as far as it is known
  std::string peer;    // the address, as gRPC writes it
  std::string user_agent;
  std::string trace_id;         // the caller's trace and span, as W3C Trace Context writes them;
  std::string span_id;          // empty where it has none
  bool attempts_write = false;  // it would have changed something if all had gone well
  std::string mutex_group_id;   // of a write: the group to change, or the one that was made
  absl::Status status;          // what the caller got, before its size was limited
  absl::Duration duration;
  std::size_t request_bytes = 0;
  std::size_t response_bytes = 0;  // of the message; 0 with an error
  int http_status = 0;             // the last one from Amplitude; 0 when it was not asked
  bool write_sent = false;         // a POST or PATCH may have reached Amplitude
};

// Called on the event loop; must not block.
class RpcObserver {
 public:
  virtual ~RpcObserver() = default;
  virtual void OnRpcStarted(absl::string_view method) = 0;
  virtual void OnRpcFinished(const RpcReport& report) = 0;
};

}  // namespace mutexd::rpc
