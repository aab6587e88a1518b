#include "service/rpc/field_checks.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/paths.h"

namespace mutexd::rpc {
namespace {

// Durations of protobuf reach this far, in seconds (10,000 years).
constexpr std::int64_t kMaxDurationSeconds = 315'576'000'000;

bool IsValid(const google::protobuf::Duration& duration) {
  const bool in_range = duration.seconds() >= -kMaxDurationSeconds &&
                        duration.seconds() <= kMaxDurationSeconds &&
                        duration.nanos() > -1'000'000'000 && duration.nanos() < 1'000'000'000;
  const bool signs_differ = (duration.seconds() > 0 && duration.nanos() < 0) ||
                            (duration.seconds() < 0 && duration.nanos() > 0);
  return in_range && !signs_differ;
}

std::string At(const std::string& field, int index) { return absl::StrCat(field, "[", index, "]"); }

}  // namespace

bool HasControlCharacters(absl::string_view text, TextKind kind) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool allowed =
        kind == TextKind::kParagraphs && (byte == '\t' || byte == '\n' || byte == '\r');
    if ((byte < 0x20 && !allowed) || byte == 0x7f) return true;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

int CountCodePoints(absl::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool IsUuid(absl::string_view text) {
  constexpr std::size_t kUuidBytes = 36;
  if (text.size() != kUuidBytes) return false;
  for (std::size_t i = 0; i < kUuidBytes; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

void CheckText(const std::string& field, absl::string_view text, TextKind kind,
               Violations& violations) {
  if (!HasControlCharacters(text, kind)) return;
  violations.push_back({field, kind == TextKind::kLine
                                   ? "must not have control characters; remove them"
                                   : "must not have control characters other than tabs and line "
                                     "breaks; remove them"});
}

void CheckName(const std::string& field, absl::string_view name, Violations& violations) {
  if (name.empty()) {
    violations.push_back(
        {field, absl::StrCat("must not be empty; give 1 to ", kMaxNameCodePoints, " characters")});
    return;
  }
  const int code_points = CountCodePoints(name);
  if (code_points > kMaxNameCodePoints) {
    violations.push_back({field, absl::StrCat("has ", code_points, " characters; at most ",
                                              kMaxNameCodePoints, " are allowed")});
  }
  CheckText(field, name, TextKind::kLine, violations);
}

void CheckGroupId(const std::string& field, absl::string_view id, Violations& violations) {
  std::optional<std::string> problem = amplitude::GroupIdProblem(id);
  if (problem) violations.push_back({field, *std::move(problem)});
}

void CheckSlotIndex(const std::string& field, int index, Violations& violations) {
  if (index >= 1) return;
  violations.push_back({field, absl::StrCat("is ", index, "; slots count from 1")});
}

void CheckStaleness(const google::protobuf::Duration& max_staleness, Violations& violations) {
  if (!IsValid(max_staleness)) {
    violations.push_back({"max_staleness",
                          "is not a valid duration: seconds and nanos must have the "
                          "same sign and be in range"});
  } else if (max_staleness.seconds() < 0 || max_staleness.nanos() < 0) {
    violations.push_back({"max_staleness", "must not be negative; use 0s to ask Amplitude"});
  }
}

void CheckEvaluationMode(const std::string& field, v1::EvaluationMode mode,
                         Violations& violations) {
  if (v1::EvaluationMode_IsValid(mode)) return;
  violations.push_back({field, absl::StrCat("has the unknown value ", static_cast<int>(mode),
                                            "; use EVALUATION_MODE_REMOTE or "
                                            "EVALUATION_MODE_LOCAL")});
}

void CheckIds(const std::string& field, const google::protobuf::RepeatedField<int64_t>& ids,
              absl::string_view where, Violations& violations) {
  std::set<std::int64_t> seen;
  for (int i = 0; i < ids.size(); ++i) {
    if (ids[i] <= 0) {
      violations.push_back({At(field, i), absl::StrCat("is ", ids[i], "; ids are over 0", where)});
    } else if (!seen.insert(ids[i]).second) {
      violations.push_back(
          {At(field, i), absl::StrCat(ids[i], " is listed twice; list it once", where)});
    }
  }
}

void CheckIndividuals(const std::string& field,
                      const google::protobuf::RepeatedPtrField<std::string>& individuals,
                      absl::string_view where, Violations& violations) {
  std::set<absl::string_view> seen;
  for (int i = 0; i < individuals.size(); ++i) {
    if (individuals[i].empty()) {
      violations.push_back(
          {At(field, i), absl::StrCat("is empty; give a user id or a device id", where)});
    } else if (!seen.insert(individuals[i]).second) {
      violations.push_back({At(field, i), absl::StrCat("'", individuals[i],
                                                       "' is listed twice; list it once", where)});
    }
    CheckText(At(field, i), individuals[i], TextKind::kLine, violations);
  }
}

void CheckSlots(const google::protobuf::RepeatedPtrField<v1::Slot>& slots, Violations& violations) {
  const std::string field = "mutex_group.slots";
  if (slots.empty() || slots.size() > kMaxSlots) {
    violations.push_back(
        {field, absl::StrCat("has ", slots.size(), " slots; a group has 1 to ", kMaxSlots)});
  }
  std::int64_t sum = 0;
  for (int i = 0; i < slots.size(); ++i) {
    const v1::Slot& slot = slots[i];
    const std::string path = At(field, i);
    const std::string name = absl::StrCat("slot ", i + 1);
    const std::string where = absl::StrCat(" (", name, ")");
    sum += slot.percentage();
    if (slot.percentage() < 1 || slot.percentage() > 100) {
      violations.push_back(
          {absl::StrCat(path, ".percentage"),
           absl::StrCat(name, " has ", slot.percentage(), " percent; a slot has 1 to 100")});
    }
    if (slot.index() != 0 && slot.index() != i + 1) {
      violations.push_back({absl::StrCat(path, ".index"),
                            absl::StrCat(name, " has the index ", slot.index(),
                                         "; leave it out, or send its position ", i + 1)});
    }
    CheckIds(absl::StrCat(path, ".experiment_ids"), slot.experiment_ids(), where, violations);
    CheckIds(absl::StrCat(path, ".holdout_ids"), slot.holdout_ids(), where, violations);
    CheckIndividuals(absl::StrCat(path, ".individuals"), slot.individuals(), where, violations);
  }
  if (!slots.empty() && sum != 100) {
    violations.push_back({field, absl::StrCat("the percentages of all slots sum to ", sum,
                                              "; they must sum to 100")});
  }
}

}  // namespace mutexd::rpc
