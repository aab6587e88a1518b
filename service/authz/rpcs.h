// The service's RPCs, as a policy names them.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace mutexd::authz {

struct Rpc {
  absl::string_view name;
  bool is_write = false;
};

// In the order of the service's definition; the same ones as the table of service/rpc/methods.h.
absl::Span<const Rpc> Rpcs();

// Null where there is no such RPC.
const Rpc* FindRpc(absl::string_view name);

// The word that allows all RPCs of its kind: "read" or "write".
absl::string_view KindOf(const Rpc& rpc);

}  // namespace mutexd::authz
