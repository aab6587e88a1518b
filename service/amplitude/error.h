// Errors of the service as absl::Status with google.rpc details in its payloads.
//
// One ErrorInfo each, plus BadRequest, RetryInfo, QuotaFailure, ResourceInfo where they apply. Each
// payload's key is the type URL of its message ("type.googleapis.com/google.rpc.ErrorInfo"), its
// value the serialized message; service/rpc puts them on the wire.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "mutexgroups/v1/errors.pb.h"

namespace mutexd::amplitude {

namespace v1 = ::mutexgroups::v1;

// The domain of every ErrorInfo.
inline constexpr absl::string_view kErrorDomain = "mutexgroups";

using ErrorMetadata = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

// An error with its ErrorInfo. `reason` must not be unspecified.
absl::Status MakeError(absl::StatusCode code, v1::ErrorReason reason, absl::string_view message,
                       ErrorMetadata metadata = {});

// The same error with another message.
absl::Status WithMessage(const absl::Status& status, absl::string_view message);

// The reason of an error made by MakeError; unspecified for any other status.
v1::ErrorReason ReasonOf(const absl::Status& status);

// The reason's name without its prefix, such as "ETAG_MISMATCH".
std::string ReasonName(v1::ErrorReason reason);

// The value of a key of the ErrorInfo's metadata, where it has one.
std::optional<std::string> MetadataOf(const absl::Status& status, absl::string_view key);

// Adds to, or replaces in, the ErrorInfo's metadata. `status` must have been made by MakeError.
void SetMetadata(absl::Status& status, absl::string_view key, absl::string_view value);

// Says when to come back.
void SetRetryDelay(absl::Status& status, absl::Duration delay);
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// Says what was not found, taken or refused: `type` such as "mutexgroups.v1.MutexGroup".
void SetResource(absl::Status& status, absl::string_view type, absl::string_view name);

struct FieldViolation {
  std::string field;        // counts from zero, such as `mutex_group.slots[2].percentage`
  std::string description;  // what is wrong and how to mend it
};

// INVALID_ARGUMENT with all violations, of which there must be one at least.
absl::Status InvalidRequest(const std::vector<FieldViolation>& violations,
                            v1::ErrorReason reason = v1::ERROR_REASON_INVALID_REQUEST);

// Sets or reads one detail message of a status; `Detail` is a google.rpc message.
template <typename Detail>
void SetDetail(absl::Status& status, const Detail& detail);
template <typename Detail>
std::optional<Detail> DetailOf(const absl::Status& status);

// -- implementation

template <typename Detail>
std::string DetailTypeUrl() {
  return "type.googleapis.com/" + Detail::descriptor()->full_name();
}

template <typename Detail>
void SetDetail(absl::Status& status, const Detail& detail) {
  status.SetPayload(DetailTypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
std::optional<Detail> DetailOf(const absl::Status& status) {
  const auto payload = status.GetPayload(DetailTypeUrl<Detail>());
  Detail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

}  // namespace mutexd::amplitude
