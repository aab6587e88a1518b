// Why a call failed, with the google.rpc details that the service attaches read into plain fields.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mutexgroups/v1/errors.pb.h"

namespace mutexgroups {

struct FieldViolation {
  std::string field;        // counts from zero, such as `mutex_group.slots[2].percentage`
  std::string description;  // what is wrong and how to mend it
};

struct QuotaViolation {
  std::string subject;
  std::string description;
};

struct Resource {
  std::string type;  // such as "mutexgroups.v1.MutexGroup"
  std::string name;
  std::string description;
};

struct Error {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;

  // Unspecified where the status was made by gRPC itself (no connection, an unknown method), and
  // where the service is newer than this library: then `reason_name` still has the name.
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;

  // The reason's name without its prefix, such as "ETAG_MISMATCH"; empty for statuses of gRPC
  // itself.
  std::string reason_name;

  std::string message;

  // All of ErrorInfo's metadata, such as `current_etag` or `write_sent`.
  std::map<std::string, std::string> metadata;

  // What Amplitude answered, where it answered.
  std::optional<int> http_status;

  std::vector<FieldViolation> violations;
  std::vector<QuotaViolation> quota_violations;

  // When to come back, where the service says.
  std::optional<std::chrono::milliseconds> retry_delay;

  // Names the call in the service's logs.
  std::string request_id;

  std::optional<Resource> resource;
};

// Reads a status that is not OK. `trailer_request_id` is the trailer `x-request-id`, used where the
// details do not name the call.
Error ErrorFrom(const grpc::Status& status, std::string_view trailer_request_id = {});

// The code's name, such as "INVALID_ARGUMENT".
std::string CodeName(grpc::StatusCode code);

}  // namespace mutexgroups
