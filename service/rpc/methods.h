// The RPCs of the service, as a table: what each request is checked for and which use case it runs.
#pragma once

#include <google/protobuf/message.h>
#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/call.h"
#include "service/amplitude/error.h"
#include "service/amplitude/shared_bytes.h"
#include "service/groups/gateway.h"

namespace mutexd::rpc {

using Violations = std::vector<amplitude::FieldViolation>;
using MessagePtr = std::shared_ptr<const google::protobuf::Message>;
using amplitude::SharedBytes;

struct RpcMethod {
  absl::string_view name;  // such as "GetMutexGroup"
  // Of a write: how many requests to Amplitude it takes when all goes well. 0: a read.
  int requests_needed = 0;
  const google::protobuf::Message* request_prototype = nullptr;
  std::function<Violations(const google::protobuf::Message&)> validate;
  // The reply, serialized.
  std::function<asio::awaitable<absl::StatusOr<SharedBytes>>(groups::Gateway&, amplitude::Call&,
                                                             const google::protobuf::Message&)>
      run;
  // The reply where it is known already; none: Amplitude has to be asked. Null where it always has
  // to be.
  std::function<absl::StatusOr<SharedBytes>(groups::Gateway&, amplitude::Call&,
                                            const google::protobuf::Message&)>
      known;

  bool is_write() const { return requests_needed > 0; }
};

// In the order of the service's definition: index i is method i of MutexGroupService.
const std::vector<RpcMethod>& Methods();

}  // namespace mutexd::rpc
