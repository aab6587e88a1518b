// What the result of an HTTP request to Amplitude means: the one place where HTTP statuses and
// failures of the network become statuses of the service.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/amplitude/amplitude_types.h"
#include "service/http/http_transport.h"

namespace mutexd::amplitude {

enum class Operation { kList, kGet, kEdit, kEditSlot, kCreate };

inline constexpr Operation kAllOperations[] = {Operation::kList, Operation::kGet, Operation::kEdit,
                                               Operation::kEditSlot, Operation::kCreate};

// A stable word for metrics and logs, such as "edit_slot".
absl::string_view OperationName(Operation operation);

// Whether the operation changes something at Amplitude.
bool IsWrite(Operation operation);

// What was asked.
struct Asked {
  Operation operation = Operation::kList;
  std::string upstream;          // Upstream::name
  bool key_from_caller = false;  // Credential::from_caller
  std::string group_id;          // of get and the edits
  std::string key;               // the group's key, of a create
  int path_index = 0;            // of a slot's edit
};

// What Amplitude answered.
struct Answer {
  int status = 0;
  std::string text;                           // of an error: ReduceErrorText of the body
  std::optional<absl::Duration> retry_after;  // ParseRetryAfter
};

struct Verdict {
  absl::Status status;
  WriteEffect effect = WriteEffect::kNone;  // of a write
};

// The meaning of a reply. 2xx is OK: whether its body is what it must be is not judged here.
Verdict JudgeAnswer(const Asked& asked, const Answer& answer);

// The meaning of a request that ended without a whole reply. A cancelled one is a plain
// absl::CancelledError, unless it is a write whose fate was known by then.
Verdict JudgeFailure(const Asked& asked, const http::HttpFailure& failure);

}  // namespace mutexd::amplitude
