#include "service/amplitude/group_reader.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/etag.h"
#include "service/amplitude/iso8601.h"
#include "service/amplitude/json_number.h"

namespace mutexd::amplitude {
namespace {

using Problem = std::optional<JsonProblem>;

// Keeps the first of two problems.
void Note(Problem& first, Problem next) {
  if (!first) first = std::move(next);
}

Problem Below(absl::string_view path, Problem problem) {
  if (problem) problem->path = absl::StrCat(path, problem->path);
  return problem;
}

Problem WrongKind(absl::string_view expected, const JsonValue& found) {
  return JsonProblem{"", Unexpected(expected, found)};
}

// -- what must be of the right kind

Problem ReadInteger(const JsonValue& value, std::int64_t& integer) {
  const ParsedInteger parsed = ParseInteger(value.text());
  integer = parsed.value;
  if (parsed.fault == IntegerFault::kNone) return std::nullopt;
  if (parsed.fault == IntegerFault::kNotANumber) return WrongKind("an integer", value);
  const bool integral = parsed.fault != IntegerFault::kNotIntegral;
  return JsonProblem{"", absl::StrCat("expected an integer, found ",
                                      integral ? "one that is out of range" : "a fraction")};
}

Problem ReadPercentage(const JsonValue& value, v1::Slot& slot) {
  std::int64_t integer = 0;
  if (auto problem = ReadInteger(value, integer)) return problem;
  if (integer < std::numeric_limits<std::int32_t>::min() ||
      integer > std::numeric_limits<std::int32_t>::max()) {
    return JsonProblem{"", "expected an integer, found one that is out of range"};
  }
  slot.set_percentage(static_cast<std::int32_t>(integer));
  return std::nullopt;
}

// Calls `read(JsonValue) -> Problem` for each element. Null stands for an empty list.
template <typename ReadElement>
Problem ReadList(const JsonValue& value, ReadElement read) {
  if (value.Is(JsonKind::kNull)) return std::nullopt;
  if (!value.Is(JsonKind::kArray)) return WrongKind("an array", value);
  Problem first;
  int position = 0;
  value.ForEachElement([&](JsonValue element) {
    if (Problem problem = read(element)) {
      Note(first, Below(absl::StrCat("[", position, "]"), std::move(problem)));
    }
    ++position;
  });
  return first;
}

Problem ReadIntegers(const JsonValue& value, google::protobuf::RepeatedField<std::int64_t>& list) {
  list.Clear();
  return ReadList(value, [&](const JsonValue& element) {
    std::int64_t integer = 0;
    Problem problem = ReadInteger(element, integer);
    if (!problem) list.Add(integer);
    return problem;
  });
}

void SetText(absl::string_view text, std::string* field) {
  field->assign(text.data(), text.size());
}

// User and device ids: Amplitude's tables call them numbers in one place.
Problem ReadIndividuals(const JsonValue& value, v1::Slot& slot) {
  slot.clear_individuals();
  return ReadList(value, [&](const JsonValue& element) -> Problem {
    if (element.Is(JsonKind::kString)) {
      SetText(element.text(), slot.add_individuals());
    } else if (element.Is(JsonKind::kNumber)) {
      slot.add_individuals(IdText(element).value_or(std::string(element.text())));
    } else {
      return WrongKind("a string", element);
    }
    return std::nullopt;
  });
}

// -- what is left unset when it is of another kind

// The optional fields of one object.
class OptionalFields {
 public:
  explicit OptionalFields(WrongKinds& wrong_kinds) : wrong_kinds_(wrong_kinds) {}

  void Text(absl::string_view name, const JsonValue& value, std::string* field) {
    field->clear();
    if (value.Is(JsonKind::kString)) {
      SetText(value.text(), field);
    } else {
      Count(name, value);
    }
  }

  std::optional<std::int64_t> Integer(absl::string_view name, const JsonValue& value) {
    const ParsedInteger parsed = ParseInteger(value.text());
    if (parsed.fault == IntegerFault::kNone) return parsed.value;
    Count(name, value);
    return std::nullopt;
  }

  v1::MutexGroup::State State(absl::string_view name, const JsonValue& deleted) {
    if (deleted.Is(JsonKind::kTrue)) return v1::MutexGroup::STATE_ARCHIVED;
    if (deleted.Is(JsonKind::kFalse)) return v1::MutexGroup::STATE_ACTIVE;
    Count(name, deleted);
    return v1::MutexGroup::STATE_UNSPECIFIED;
  }

  v1::EvaluationMode EvaluationMode(absl::string_view name, const JsonValue& value) {
    if (value.Is(JsonKind::kString)) {
      if (absl::EqualsIgnoreCase(value.text(), "local")) return v1::EVALUATION_MODE_LOCAL;
      if (absl::EqualsIgnoreCase(value.text(), "remote")) return v1::EVALUATION_MODE_REMOTE;
    }
    Count(name, value);
    return v1::EVALUATION_MODE_UNSPECIFIED;
  }

  std::optional<absl::Time> Time(absl::string_view name, const JsonValue& value) {
    std::optional<absl::Time> time;
    if (value.Is(JsonKind::kString)) time = ParseIso8601(value.text());
    if (!time) Count(name, value);
    return time;
  }

  void Cohorts(absl::string_view name, const JsonValue& value, v1::Slot& slot) {
    slot.clear_cohorts();
    if (!value.Is(JsonKind::kArray)) Count(name, value);
    value.ForEachElement([&](const JsonValue& cohort) {
      const bool plain = cohort.Is(JsonKind::kString) || cohort.Is(JsonKind::kNumber);
      slot.add_cohorts(plain ? std::string(cohort.text()) : cohort.ToJson());
    });
  }

  // Null stands for absent.
  void Count(absl::string_view name, const JsonValue& value) {
    if (!value.Is(JsonKind::kNull)) ++wrong_kinds_[name];
  }

 private:
  WrongKinds& wrong_kinds_;
};

void SetTime(std::optional<absl::Time> time, google::protobuf::Timestamp* timestamp) {
  const absl::Duration since_epoch = *time - absl::UnixEpoch();
  const std::int64_t seconds = absl::ToUnixSeconds(*time);  // rounds towards the past
  timestamp->set_seconds(seconds);
  timestamp->set_nanos(
      static_cast<std::int32_t>((since_epoch - absl::Seconds(seconds)) / absl::Nanoseconds(1)));
}

// -- objects

// What Amplitude calls a slot's position, where it says.
using AmplitudeIndex = std::optional<std::int64_t>;

Problem ReadSlot(const JsonValue& value, v1::Slot& slot, AmplitudeIndex& index,
                 WrongKinds& wrong_kinds) {
  if (!value.Is(JsonKind::kObject)) return WrongKind("an object", value);
  OptionalFields optional(wrong_kinds);
  Problem first;
  bool has_percentage = false;
  value.ForEachMember([&](absl::string_view name, const JsonValue& member) {
    if (name == "percentage") {
      has_percentage = true;
      Note(first, Below(".percentage", ReadPercentage(member, slot)));
    } else if (name == "experiments") {
      Note(first, Below(".experiments", ReadIntegers(member, *slot.mutable_experiment_ids())));
    } else if (name == "holdouts") {
      Note(first, Below(".holdouts", ReadIntegers(member, *slot.mutable_holdout_ids())));
    } else if (name == "individuals") {
      Note(first, Below(".individuals", ReadIndividuals(member, slot)));
    } else if (name == "index") {
      index = optional.Integer("slots.index", member);
      if (!index && member.Is(JsonKind::kString)) {
        Note(first, Below(".index", WrongKind("an integer", member)));
      }
    } else if (name == "name") {
      optional.Text("slots.name", member, slot.mutable_name());
    } else if (name == "variantKey") {
      optional.Text("slots.variantKey", member, slot.mutable_variant_key());
    } else if (name == "cohorts") {
      optional.Cohorts("slots.cohorts", member, slot);
    }
  });
  if (!has_percentage) Note(first, JsonProblem{".percentage", "missing"});
  return first;
}

// Puts the slots into the order of Amplitude's indices where all have one, and numbers them from 1.
void OrderSlots(const std::vector<AmplitudeIndex>& indices, v1::MutexGroup& group) {
  auto& slots = *group.mutable_slots();
  const bool all_have_one =
      std::all_of(indices.begin(), indices.end(),
                  [](const AmplitudeIndex& index) { return index.has_value(); });
  if (all_have_one && !std::is_sorted(indices.begin(), indices.end())) {
    std::vector<std::size_t> sorted(indices.size());
    std::iota(sorted.begin(), sorted.end(), std::size_t{0});
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](std::size_t a, std::size_t b) { return *indices[a] < *indices[b]; });
    std::vector<v1::Slot*> pointers;
    for (const std::size_t position : sorted) {
      pointers.push_back(slots.Mutable(static_cast<int>(position)));
    }
    std::copy(pointers.begin(), pointers.end(), slots.pointer_begin());
  }
  for (int i = 0; i < slots.size(); ++i) slots.Mutable(i)->set_index(i + 1);
}

Problem ReadSlots(const JsonValue& value, v1::MutexGroup& group, WrongKinds& wrong_kinds) {
  group.clear_slots();
  if (value.Is(JsonKind::kNull)) return WrongKind("an array", value);
  std::vector<AmplitudeIndex> indices;
  Problem problem = ReadList(value, [&](const JsonValue& element) {
    return ReadSlot(element, *group.add_slots(), indices.emplace_back(), wrong_kinds);
  });
  if (!problem) OrderSlots(indices, group);
  return problem;
}

void ReadOptionalField(absl::string_view name, const JsonValue& value, v1::MutexGroup& group,
                       WrongKinds& wrong_kinds) {
  OptionalFields optional(wrong_kinds);
  if (name == "projectId") {
    group.set_project_id(optional.Integer("projectId", value).value_or(0));
  } else if (name == "key") {
    optional.Text("key", value, group.mutable_key());
  } else if (name == "name") {
    optional.Text("name", value, group.mutable_name());
  } else if (name == "description") {
    optional.Text("description", value, group.mutable_description());
  } else if (name == "evaluationMode") {
    group.set_evaluation_mode(optional.EvaluationMode("evaluationMode", value));
  } else if (name == "bucketingKey") {
    optional.Text("bucketingKey", value, group.mutable_bucketing_key());
  } else if (name == "bucketingSalt") {
    optional.Text("bucketingSalt", value, group.mutable_bucketing_salt());
  } else if (name == "deleted") {
    group.set_state(optional.State("deleted", value));
  } else if (name == "createdBy") {
    optional.Text("createdBy", value, group.mutable_created_by());
  } else if (name == "lastModifiedBy") {
    optional.Text("lastModifiedBy", value, group.mutable_updated_by());
  } else if (name == "createdAt") {
    group.clear_create_time();
    const auto time = optional.Time("createdAt", value);
    if (time) SetTime(time, group.mutable_create_time());
  } else if (name == "lastModifiedAt") {
    group.clear_update_time();
    const auto time = optional.Time("lastModifiedAt", value);
    if (time) SetTime(time, group.mutable_update_time());
  }
}

Problem ReadId(const JsonValue& value, v1::MutexGroup& group) {
  group.clear_id();
  auto id = IdText(value);
  if (!id) {
    const bool empty = value.Is(JsonKind::kString);
    return empty ? JsonProblem{"", "expected an id, found an empty string"}
                 : WrongKind("an id", value);
  }
  group.set_id(std::move(*id));
  return std::nullopt;
}

}  // namespace

std::optional<JsonProblem> ReadGroup(const JsonValue& value, v1::MutexGroup& group,
                                     WrongKinds& wrong_kinds) {
  if (!value.Is(JsonKind::kObject)) return WrongKind("an object", value);
  Problem first;
  bool has_id = false;
  bool has_slots = false;
  value.ForEachMember([&](absl::string_view name, const JsonValue& member) {
    if (name == "id") {
      has_id = true;
      Note(first, Below(".id", ReadId(member, group)));
    } else if (name == "slots") {
      has_slots = true;
      Note(first, Below(".slots", ReadSlots(member, group, wrong_kinds)));
    } else {
      ReadOptionalField(name, member, group, wrong_kinds);
    }
  });
  if (!has_id) Note(first, JsonProblem{".id", "missing"});
  if (!has_slots) Note(first, JsonProblem{".slots", "missing"});
  if (!first) group.set_etag(Etag(group));
  return first;
}

std::optional<std::string> IdText(const JsonValue& value) {
  if (value.Is(JsonKind::kString)) {
    if (value.text().empty()) return std::nullopt;
    return std::string(value.text());
  }
  if (!value.Is(JsonKind::kNumber)) return std::nullopt;
  // Digits are kept as they are: they may be more than 64 bits hold.
  const bool digits_only = value.text().find_first_not_of("-0123456789") == absl::string_view::npos;
  if (digits_only) return std::string(value.text());
  const ParsedInteger parsed = ParseInteger(value.text());
  if (parsed.fault != IntegerFault::kNone) return std::nullopt;
  return absl::StrCat(parsed.value);
}

std::string Unexpected(absl::string_view expected, const JsonValue& found) {
  return absl::StrCat("expected ", expected, ", found ", JsonKindName(found.kind()));
}

}  // namespace mutexd::amplitude
