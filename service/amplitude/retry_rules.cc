#include "service/amplitude/retry_rules.h"

#include <optional>
#include <string>

#include "service/amplitude/error.h"

namespace mutexd::amplitude {
namespace {

// Absent where no reply had begun; a 2xx belongs to a reply that was cut.
bool StatusMayPass(const std::optional<std::string>& http_status) {
  return !http_status || http_status->front() == '2' || *http_status == "502" ||
         *http_status == "503" || *http_status == "504";
}

}  // namespace

bool IsOutage(const absl::Status& failure) {
  return ReasonOf(failure) == v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE &&
         StatusMayPass(MetadataOf(failure, "http_status")) &&
         !MetadataOf(failure, kCircuitMetadata);
}

bool MayPass(const absl::Status& failure) {
  return ReasonOf(failure) == v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED || IsOutage(failure);
}

bool MayRepeat(Operation operation, WriteEffect effect, const absl::Status& failure) {
  switch (operation) {
    case Operation::kList:
    case Operation::kGet:
      return MayPass(failure);
    case Operation::kEdit:
    case Operation::kEditSlot:
      return effect == WriteEffect::kNone && MayPass(failure);
    case Operation::kCreate:
      break;
  }
  return false;
}

}  // namespace mutexd::amplitude
