// The caller's trace, as W3C Trace Context (level 1) carries it in `traceparent`.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace mutexd::rpc {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hexadecimal digits
  std::string span_id;   // 16 of them: the caller's span
};

// Nothing when it is not by the grammar, or all of an id is zero: such a header is as good as none.
// A later version than 00 may have more behind a dash.
std::optional<TraceContext> ParseTraceparent(absl::string_view header);

}  // namespace mutexd::rpc
