#include "service/rpc/trace_context.h"

#include <algorithm>
#include <cstddef>

namespace mutexd::rpc {
namespace {

// version-trace_id-parent_id-flags
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kSpanIdAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kLength = 55;

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');  // capitals are not allowed
  });
}

bool IsZero(absl::string_view text) {
  return text.find_first_not_of('0') == absl::string_view::npos;
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(absl::string_view header) {
  if (header.size() < kLength) return std::nullopt;
  const absl::string_view version = header.substr(0, 2);
  const absl::string_view trace_id = header.substr(kTraceIdAt, 32);
  const absl::string_view span_id = header.substr(kSpanIdAt, 16);
  const absl::string_view flags = header.substr(kFlagsAt, 2);
  for (const absl::string_view part : {version, trace_id, span_id, flags}) {
    if (!IsHex(part)) return std::nullopt;
  }
  for (const std::size_t dash : {kTraceIdAt - 1, kSpanIdAt - 1, kFlagsAt - 1}) {
    if (header[dash] != '-') return std::nullopt;
  }
  if (version == "ff" || IsZero(trace_id) || IsZero(span_id)) return std::nullopt;
  if (header.size() > kLength && (version == "00" || header[kLength] != '-')) return std::nullopt;
  return TraceContext{std::string(trace_id), std::string(span_id)};
}

}  // namespace mutexd::rpc
