#include "service/amplitude/status_table.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/amplitude/resource_types.h"

namespace mutexd::amplitude {
namespace {

using absl::StatusCode;

// When to come back after a 429 that does not say: Amplitude's shorter limit is one of a second.
constexpr absl::Duration kDefaultRetryDelay = absl::Seconds(1);

absl::Status Error(const Answer& answer, StatusCode code, v1::ErrorReason reason,
                   absl::string_view sentence) {
  std::string message = absl::StrCat(sentence, " (HTTP ", answer.status, ")");
  if (!answer.text.empty()) absl::StrAppend(&message, ": ", answer.text);
  return MakeError(code, reason, message, {{"http_status", absl::StrCat(answer.status)}});
}

absl::Status KeyRejected(const Asked& asked, const Answer& answer) {
  if (asked.key_from_caller) {
    return Error(
        answer, StatusCode::kUnauthenticated, v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED,
        absl::StrCat("Amplitude (", asked.upstream,
                     ") rejected the caller's management key; a key of the other region is "
                     "rejected likewise"));
  }
  return Error(answer, StatusCode::kFailedPrecondition, v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED,
               absl::StrCat("Amplitude (", asked.upstream,
                            ") rejected the service's management key; a key of the other region is "
                            "rejected likewise"));
}

absl::Status GroupNotFound(const Asked& asked, const Answer& answer) {
  absl::Status status = Error(answer, StatusCode::kNotFound, v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND,
                              absl::StrCat("Amplitude has no mutex group ", asked.group_id));
  SetResource(status, kGroupResource, asked.group_id);
  return status;
}

absl::Status SlotNotFound(const Asked& asked, const Answer& answer) {
  absl::Status status = Error(
      answer, StatusCode::kNotFound, v1::ERROR_REASON_SLOT_NOT_FOUND,
      absl::StrCat("Amplitude has no slot ", asked.path_index, " in mutex group ", asked.group_id));
  SetResource(status, kGroupResource, asked.group_id);
  return status;
}

absl::Status WrongUrl(const Asked& asked, const Answer& answer) {
  return Error(
      answer, StatusCode::kFailedPrecondition, v1::ERROR_REASON_WRONG_AMPLITUDE_URL,
      absl::StrCat("no mutex groups are served at the configured address (", asked.upstream, ")"));
}

absl::Status NotFound(const Asked& asked, const Answer& answer) {
  switch (asked.operation) {
    case Operation::kGet:
    case Operation::kEdit:
      return GroupNotFound(asked, answer);
    case Operation::kEditSlot:
      return SlotNotFound(asked, answer);
    case Operation::kList:
    case Operation::kCreate:
      break;
  }
  return WrongUrl(asked, answer);
}

absl::Status KeyTaken(const Asked& asked, const Answer& answer) {
  absl::Status status =
      Error(answer, StatusCode::kAlreadyExists, v1::ERROR_REASON_KEY_ALREADY_EXISTS,
            absl::StrCat("the key ", asked.key,
                         " is taken by another group, flag, experiment or holdout group"));
  SetResource(status, kGroupResource, asked.key);
  return status;
}

absl::Status Rejected(const Answer& answer, StatusCode code) {
  return Error(answer, code, v1::ERROR_REASON_REJECTED_BY_AMPLITUDE,
               "Amplitude refused the request");
}

bool ContainsAny(absl::string_view text, std::initializer_list<absl::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](absl::string_view phrase) { return absl::StrContains(text, phrase); });
}

bool ContainsWord(absl::string_view text, absl::string_view word) {
  for (std::size_t at = text.find(word); at != absl::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t behind = at + word.size();
    const bool begins = at == 0 || !absl::ascii_isalnum(text[at - 1]);
    const bool ends = behind == text.size() || !absl::ascii_isalnum(text[behind]);
    if (begins && ends) return true;
  }
  return false;
}

// Amplitude documents no status for an id that nothing has: a 400 may say it.
bool SaysNotFound(const Answer& answer) {
  return ContainsAny(absl::AsciiStrToLower(answer.text), {"not found", "does not exist"});
}

// Nor one for a key that is taken.
bool SaysKeyTaken(const Asked& asked, const Answer& answer) {
  const std::string text = absl::AsciiStrToLower(answer.text);
  const bool of_the_key =
      ContainsWord(text, "key") || ContainsWord(text, "keys") ||
      (!asked.key.empty() && absl::StrContains(text, absl::AsciiStrToLower(asked.key)));
  return of_the_key &&
         ContainsAny(text, {"already exist", "already in use", "already used", "already been used",
                            "in use", "taken", "duplicate", "must be unique", "not unique"});
}

absl::Status BadRequest(const Asked& asked, const Answer& answer) {
  const bool one_group = asked.operation == Operation::kGet || asked.operation == Operation::kEdit;
  if (one_group && SaysNotFound(answer)) return GroupNotFound(asked, answer);
  if (asked.operation == Operation::kCreate && SaysKeyTaken(asked, answer)) {
    return KeyTaken(asked, answer);
  }
  return Rejected(answer, StatusCode::kInvalidArgument);
}

absl::Status RateLimited(const Answer& answer) {
  absl::Status status =
      Error(answer, StatusCode::kResourceExhausted, v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED,
            "Amplitude's limit of requests is reached");
  SetRetryDelay(status, answer.retry_after.value_or(kDefaultRetryDelay));
  return status;
}

absl::Status Unavailable(const Answer& answer) {
  absl::Status status = Error(answer, StatusCode::kUnavailable,
                              v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE, "Amplitude is unavailable");
  if (answer.retry_after) SetRetryDelay(status, *answer.retry_after);
  return status;
}

absl::Status JudgeClientError(const Asked& asked, const Answer& answer) {
  switch (answer.status) {
    case 400:
      return BadRequest(asked, answer);
    case 401:
      return KeyRejected(asked, answer);
    case 403:
      return Error(answer, StatusCode::kPermissionDenied, v1::ERROR_REASON_AMPLITUDE_ACCESS_DENIED,
                   "the management key has no access at Amplitude");
    case 404:
    case 410:
      return NotFound(asked, answer);
    case 405:
    case 415:
      return Rejected(answer, StatusCode::kInternal);
    case 409:
      if (asked.operation == Operation::kCreate) return KeyTaken(asked, answer);
      return Error(answer, StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE,
                   "Amplitude reports a conflict with another change");
    case 413:
    case 422:
      return Rejected(answer, StatusCode::kInvalidArgument);
    case 429:
      return RateLimited(answer);
    default:
      return Rejected(answer, StatusCode::kFailedPrecondition);
  }
}

absl::Status Malformed(const Answer& answer, absl::string_view sentence) {
  return Error(answer, StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY, sentence);
}

absl::Status NoReply(const http::HttpFailure& failure) {
  absl::Status status = MakeError(StatusCode::kUnavailable, v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE,
                                  absl::StrCat("no reply from Amplitude: ", failure.message));
  if (failure.status != 0) SetMetadata(status, "http_status", absl::StrCat(failure.status));
  return status;
}

// A reply whose head said 2xx and whose body was lost.
Verdict JudgeLostBody(const Asked& asked, const http::HttpFailure& failure) {
  if (!IsWrite(asked.operation)) return {NoReply(failure), WriteEffect::kNone};
  if (asked.operation != Operation::kCreate) return {absl::OkStatus(), WriteEffect::kAccepted};
  return {Malformed({failure.status, failure.message},
                    "Amplitude accepted the group and its reply was lost"),
          WriteEffect::kAccepted};
}

bool IsSuccess(int status) { return status >= 200 && status < 300; }

}  // namespace

absl::string_view OperationName(Operation operation) {
  switch (operation) {
    case Operation::kList:
      return "list";
    case Operation::kGet:
      return "get";
    case Operation::kEdit:
      return "edit";
    case Operation::kEditSlot:
      return "edit_slot";
    case Operation::kCreate:
      return "create";
  }
  return "";
}

bool IsWrite(Operation operation) {
  return operation != Operation::kList && operation != Operation::kGet;
}

Verdict JudgeAnswer(const Asked& asked, const Answer& answer) {
  const bool write = IsWrite(asked.operation);
  const WriteEffect unknown = write ? WriteEffect::kUnknown : WriteEffect::kNone;
  if (IsSuccess(answer.status)) {
    return {absl::OkStatus(), write ? WriteEffect::kAccepted : WriteEffect::kNone};
  }
  if (answer.status == 408 || (answer.status >= 500 && answer.status < 600)) {
    return {Unavailable(answer), unknown};
  }
  if (answer.status >= 400 && answer.status < 500) {
    return {JudgeClientError(asked, answer), WriteEffect::kNone};
  }
  if (answer.status >= 300 && answer.status < 400) {
    return {Malformed(answer, "Amplitude answered with a redirect"), WriteEffect::kNone};
  }
  return {Malformed(answer, "Amplitude answered with a status that is none"), unknown};
}

Verdict JudgeFailure(const Asked& asked, const http::HttpFailure& failure) {
  const bool write = IsWrite(asked.operation);
  const bool cancelled = failure.kind == http::HttpFailureKind::kCancelled;
  if (cancelled && (!write || failure.status == 0)) {
    return {absl::CancelledError(failure.message),
            write && failure.request_sent ? WriteEffect::kUnknown : WriteEffect::kNone};
  }
  if (IsSuccess(failure.status)) return JudgeLostBody(asked, failure);
  if (failure.status != 0) return JudgeAnswer(asked, {failure.status, failure.message});
  return {NoReply(failure),
          write && failure.request_sent ? WriteEffect::kUnknown : WriteEffect::kNone};
}

}  // namespace mutexd::amplitude
