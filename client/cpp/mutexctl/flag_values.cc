#include "client/cpp/mutexctl/flag_values.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace mutexgroups::ctl {
namespace {

template <typename Number>
std::optional<Number> ParsePositive(const std::string& text) {
  Number number;
  if (!absl::SimpleAtoi(text, &number) || number <= 0) return std::nullopt;
  return number;
}

absl::Status Problem(const std::string& part, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", part, "\": ", what));
}

absl::Status AddMember(const std::string& part, v1::Slot& slot) {
  const std::pair<std::string, std::string> member = absl::StrSplit(part, absl::MaxSplits('=', 1));
  const auto& [kind, value] = member;
  if (kind == "individual") {
    if (value.empty()) return Problem(part, "the individual is empty");
    slot.add_individuals(value);
    return absl::OkStatus();
  }
  if (kind != "experiment" && kind != "holdout") {
    return Problem(part, "write experiment=ID, holdout=ID or individual=ID");
  }
  const auto id = ParseId(value);
  if (!id) return Problem(part, "an id is a whole number over 0");
  if (kind == "experiment") {
    slot.add_experiment_ids(*id);
  } else {
    slot.add_holdout_ids(*id);
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::int64_t> ParseId(const std::string& text) {
  return ParsePositive<std::int64_t>(text);
}

std::optional<std::int32_t> ParsePosition(const std::string& text) {
  return ParsePositive<std::int32_t>(text);
}

std::optional<std::chrono::milliseconds> ParseDuration(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) return std::nullopt;
  if (duration < absl::ZeroDuration() || duration > absl::Hours(1)) return std::nullopt;
  return absl::ToChronoMilliseconds(duration);
}

absl::StatusOr<v1::Slot> ParseSlot(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  v1::Slot slot;
  const auto percentage = ParsePosition(std::string(absl::StripSuffix(parts[0], "%")));
  if (!percentage) {
    return Problem(parts[0], "a slot begins with its percentage, a whole number over 0");
  }
  slot.set_percentage(*percentage);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (auto status = AddMember(parts[i], slot); !status.ok()) return status;
  }
  return slot;
}

}  // namespace mutexgroups::ctl
