// An error as it goes over the wire: google.rpc.Status within the size that trailers may have.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"

namespace mutexd::rpc {

// The encoded trailers of an error (percent-encoded message, base64 details) stay under this: peers
// drop metadata over 8 KiB.
inline constexpr std::size_t kMaxTrailerBytes = 6 * 1024;

// Messages are clipped to this many bytes.
inline constexpr std::size_t kMaxMessageBytes = 512;

// `status` with its payloads as details and a google.rpc.RequestInfo that names the RPC. Where it
// is too large violations are dropped from the end, with a last one that counts them.
google::rpc::Status ToWire(const absl::Status& status, absl::string_view rpc_id);

// The trailer grpc-retry-pushback-ms for an error that says when to come back: the wait in
// milliseconds, or "-1" (do not retry) where it exceeds `time_left` or 5 s. A reply that is too
// large is "-1": retrying does not help. Absent for errors without a wait.
std::optional<std::string> RetryPushback(const absl::Status& status, absl::Duration time_left);

// How many bytes `status` takes in trailers.
std::size_t EncodedTrailerBytes(const google::rpc::Status& status);

}  // namespace mutexd::rpc
