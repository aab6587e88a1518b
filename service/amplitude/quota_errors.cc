#include "service/amplitude/quota_errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"

namespace mutexd::amplitude {
namespace {

absl::Status Refusal(const RefusedRequest& request, v1::ErrorReason reason,
                     absl::string_view message, absl::string_view limit, absl::Duration wait) {
  absl::Status status = MakeError(absl::StatusCode::kResourceExhausted, reason, message);
  SetRetryDelay(status, wait);
  google::rpc::QuotaFailure failure;
  auto* violation = failure.add_violations();
  violation->set_subject(
      absl::StrCat("management_key:", request.from_caller ? "caller" : "service"));
  violation->set_description(std::string(limit));
  SetDetail(status, failure);
  return status;
}

// A wait as people read it: not more exact than they need.
std::string ForPeople(absl::Duration wait) {
  const absl::Duration unit = wait < absl::Seconds(10)   ? absl::Milliseconds(1)
                              : wait < absl::Minutes(10) ? absl::Seconds(1)
                                                         : absl::Minutes(1);
  return absl::FormatDuration(absl::Ceil(wait, unit));
}

// What is left of the day, and for whom.
std::string WhatIsLeft(const RefusedRequest& request, const DayBudget& day) {
  const std::int64_t left = day.left();
  std::string text = left == 0 ? "nothing left" : absl::StrCat(left, " left");
  if (day.made() < day.per_day() && day.put_aside() > 0) {
    absl::StrAppend(&text, ", as ", day.put_aside(), " are put aside for writes under way");
  }
  if (left > 0 && request.is_write) {
    absl::StrAppend(&text, ", and this write takes ", request.requests);
  } else if (left > 0) {
    absl::StrAppend(&text, ", which are kept for writes (", day.kept_for_writes(), " are)");
  }
  return text;
}

}  // namespace

absl::Status SecondIsSpent(const RefusedRequest& request, int per_second, absl::Duration wait) {
  const std::string limit = absl::StrCat(per_second, " requests to Amplitude a second");
  return Refusal(request, v1::ERROR_REASON_QUOTA_PER_SECOND,
                 absl::StrCat("the quota of ", limit, " is spent, and this one's turn in ",
                              ForPeople(wait), " would be too late for the call"),
                 limit, wait);
}

absl::Status AmplitudeAsksToWait(const RefusedRequest& request, absl::Duration wait) {
  return Refusal(request, v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED,
                 absl::StrCat("Amplitude has refused a request as one too many and asked to wait; "
                              "this one's turn in ",
                              ForPeople(wait), " would be too late for the call"),
                 "Amplitude's own limit", wait);
}

absl::Status DayIsSpent(const RefusedRequest& request, const DayBudget& day, absl::Duration wait) {
  const std::string limit = absl::StrCat(day.per_day(), " requests to Amplitude a day");
  return Refusal(request, v1::ERROR_REASON_QUOTA_PER_DAY,
                 absl::StrCat("the quota of ", limit, " has ", WhatIsLeft(request, day),
                              "; it begins anew at 00:00 UTC, in ", ForPeople(wait)),
                 limit, wait);
}

}  // namespace mutexd::amplitude
