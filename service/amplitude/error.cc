#include "service/amplitude/error.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace mutexd::amplitude {

absl::Status MakeError(absl::StatusCode code, v1::ErrorReason reason, absl::string_view message,
                       ErrorMetadata metadata) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonName(reason));
  info.set_domain(std::string(kErrorDomain));
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[std::string(key)] = std::string(value);
  }
  SetDetail(status, info);
  return status;
}

absl::Status WithMessage(const absl::Status& status, absl::string_view message) {
  absl::Status changed(status.code(), message);
  status.ForEachPayload([&changed](absl::string_view type_url, const absl::Cord& payload) {
    changed.SetPayload(type_url, payload);
  });
  return changed;
}

v1::ErrorReason ReasonOf(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (info) v1::ErrorReason_Parse("ERROR_REASON_" + info->reason(), &reason);
  return reason;
}

std::string ReasonName(v1::ErrorReason reason) {
  return std::string(absl::StripPrefix(v1::ErrorReason_Name(reason), "ERROR_REASON_"));
}

std::optional<std::string> MetadataOf(const absl::Status& status, absl::string_view key) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info) return std::nullopt;
  const auto found = info->metadata().find(std::string(key));
  if (found == info->metadata().end()) return std::nullopt;
  return found->second;
}

void SetMetadata(absl::Status& status, absl::string_view key, absl::string_view value) {
  auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info) return;
  (*info->mutable_metadata())[std::string(key)] = std::string(value);
  SetDetail(status, *info);
}

void SetRetryDelay(absl::Status& status, absl::Duration delay) {
  google::rpc::RetryInfo retry;
  const int64_t seconds = absl::IDivDuration(delay, absl::Seconds(1), &delay);
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(delay)));
  SetDetail(status, retry);
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const auto retry = DetailOf<google::rpc::RetryInfo>(status);
  if (!retry) return std::nullopt;
  return absl::Seconds(retry->retry_delay().seconds()) +
         absl::Nanoseconds(retry->retry_delay().nanos());
}

void SetResource(absl::Status& status, absl::string_view type, absl::string_view name) {
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(std::string(type));
  resource.set_resource_name(std::string(name));
  SetDetail(status, resource);
}

absl::Status InvalidRequest(const std::vector<FieldViolation>& violations, v1::ErrorReason reason) {
  google::rpc::BadRequest bad_request;
  for (const FieldViolation& violation : violations) {
    auto* added = bad_request.add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
  }
  const FieldViolation& first = violations.front();
  std::string message = absl::StrCat(first.field, ": ", first.description);
  if (violations.size() > 1) {
    absl::StrAppend(&message, " (and ", violations.size() - 1, " more)");
  }
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, reason, message);
  SetDetail(status, bad_request);
  return status;
}

}  // namespace mutexd::amplitude
