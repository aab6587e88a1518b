#include "mutexgroups/error.h"

#include <array>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mutexgroups {
namespace {

constexpr std::string_view kDomain = "mutexgroups";

void Read(const google::rpc::ErrorInfo& info, Error& error) {
  if (info.domain() != kDomain) return;
  error.reason_name = info.reason();
  v1::ErrorReason reason;
  if (v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", info.reason()), &reason)) {
    error.reason = reason;
  }
  error.metadata.insert(info.metadata().begin(), info.metadata().end());
  const auto http_status = info.metadata().find("http_status");
  int number;
  if (http_status != info.metadata().end() && absl::SimpleAtoi(http_status->second, &number)) {
    error.http_status = number;
  }
}

void Read(const google::rpc::BadRequest& bad_request, Error& error) {
  for (const auto& violation : bad_request.field_violations()) {
    error.violations.push_back({violation.field(), violation.description()});
  }
}

void Read(const google::rpc::QuotaFailure& failure, Error& error) {
  for (const auto& violation : failure.violations()) {
    error.quota_violations.push_back({violation.subject(), violation.description()});
  }
}

void Read(const google::rpc::RetryInfo& retry, Error& error) {
  error.retry_delay = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::seconds(retry.retry_delay().seconds()) +
      std::chrono::nanoseconds(retry.retry_delay().nanos()));
}

void Read(const google::rpc::ResourceInfo& info, Error& error) {
  error.resource = Resource{info.resource_type(), info.resource_name(), info.description()};
}

void Read(const google::rpc::RequestInfo& info, Error& error) {
  error.request_id = info.request_id();
}

template <typename Detail>
bool ReadIf(const google::protobuf::Any& any, Error& error) {
  Detail detail;
  if (!any.Is<Detail>() || !any.UnpackTo(&detail)) return false;
  Read(detail, error);
  return true;
}

}  // namespace

Error ErrorFrom(const grpc::Status& status, std::string_view trailer_request_id) {
  Error error;
  error.code = status.error_code();
  error.message = status.error_message();
  error.request_id = std::string(trailer_request_id);
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return error;
  for (const auto& any : details.details()) {
    ReadIf<google::rpc::ErrorInfo>(any, error) || ReadIf<google::rpc::BadRequest>(any, error) ||
        ReadIf<google::rpc::QuotaFailure>(any, error) ||
        ReadIf<google::rpc::RetryInfo>(any, error) ||
        ReadIf<google::rpc::ResourceInfo>(any, error) ||
        ReadIf<google::rpc::RequestInfo>(any, error);
  }
  return error;
}

std::string CodeName(grpc::StatusCode code) {
  static constexpr std::array<std::string_view, 17> kNames = {
      "OK",
      "CANCELLED",
      "UNKNOWN",
      "INVALID_ARGUMENT",
      "DEADLINE_EXCEEDED",
      "NOT_FOUND",
      "ALREADY_EXISTS",
      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED",
      "FAILED_PRECONDITION",
      "ABORTED",
      "OUT_OF_RANGE",
      "UNIMPLEMENTED",
      "INTERNAL",
      "UNAVAILABLE",
      "DATA_LOSS",
      "UNAUTHENTICATED",
  };
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? std::string(kNames[index]) : absl::StrCat("CODE_", index);
}

}  // namespace mutexgroups
