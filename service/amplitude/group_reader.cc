#include "service/amplitude/group_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/etag.h"
#include "service/amplitude/iso8601.h"
#include "service/amplitude/json_number.h"

namespace mutexd::amplitude {
namespace {

using Problem = std::unique_ptr<JsonProblem>;

Problem MakeProblem(std::string what) {
  return std::make_unique<JsonProblem>(JsonProblem{"", std::move(what)});
}

// Keeps the first of two problems; `next`, if there is one, is below `path`.
inline void Note(Problem& first, absl::string_view path, Problem next) {
  if (next == nullptr || first != nullptr) return;
  next->path.insert(0, path.data(), path.size());
  first = std::move(next);
}

template <typename Word>
Word Load(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Whether `name` is `wanted`, in a few instructions: there are some ten thousand names in a page.
template <std::size_t kSize>
bool Is(absl::string_view name, const char (&wanted)[kSize]) {
  constexpr std::size_t kLength = kSize - 1;
  static_assert(kLength <= 16);
  if (name.size() != kLength) return false;
  // Two words that overlap where need be.
  const auto equal = [&]<typename Word>(Word) {
    constexpr std::size_t kLast = kLength - sizeof(Word);
    return Load<Word>(name.data()) == Load<Word>(wanted) &&
           Load<Word>(name.data() + kLast) == Load<Word>(wanted + kLast);
  };
  if constexpr (kLength >= 8) {
    return equal(std::uint64_t{});
  } else if constexpr (kLength >= 4) {
    return equal(std::uint32_t{});
  } else {
    return std::memcmp(name.data(), wanted, kLength) == 0;
  }
}

Problem WrongKind(absl::string_view expected, const JsonStreamValue& found) {
  return MakeProblem(Unexpected(expected, found));
}

// -- what must be of the right kind

Problem ReadInteger(const JsonStreamValue& value, std::int64_t& integer) {
  const ParsedInteger parsed = ParseInteger(value.text());
  integer = parsed.value;
  if (parsed.fault == IntegerFault::kNone) return nullptr;
  if (parsed.fault == IntegerFault::kNotANumber) return WrongKind("an integer", value);
  const bool integral = parsed.fault != IntegerFault::kNotIntegral;
  return MakeProblem(absl::StrCat("expected an integer, found ",
                                  integral ? "one that is out of range" : "a fraction"));
}

Problem ReadPercentage(const JsonStreamValue& value, v1::Slot& slot) {
  std::int64_t integer = 0;
  if (auto problem = ReadInteger(value, integer)) return problem;
  if (integer < std::numeric_limits<std::int32_t>::min() ||
      integer > std::numeric_limits<std::int32_t>::max()) {
    return MakeProblem("expected an integer, found one that is out of range");
  }
  slot.set_percentage(static_cast<std::int32_t>(integer));
  return nullptr;
}

// Calls `read(JsonStreamValue) -> Problem` for each element. Null stands for an empty list.
template <typename ReadElement>
Problem ReadList(const JsonStreamValue& value, ReadElement read) {
  if (value.Is(JsonKind::kNull)) return nullptr;
  if (!value.Is(JsonKind::kArray)) return WrongKind("an array", value);
  Problem first;
  int position = 0;
  value.ForEachElement([&](const JsonStreamValue& element) {
    if (Problem problem = read(element)) {
      Note(first, absl::StrCat("[", position, "]"), std::move(problem));
    }
    ++position;
  });
  return first;
}

Problem ReadIntegers(const JsonStreamValue& value,
                     google::protobuf::RepeatedField<std::int64_t>& list) {
  // The list is on an arena, where what it grows out of is lost.
  absl::InlinedVector<std::int64_t, 32> integers;
  Problem problem = ReadList(value, [&](const JsonStreamValue& element) {
    return ReadInteger(element, integers.emplace_back());
  });
  list.Clear();
  list.Add(integers.begin(), integers.end());
  return problem;
}

// User and device ids: Amplitude's tables call them numbers in one place.
Problem ReadIndividuals(const JsonStreamValue& value, v1::Slot& slot) {
  slot.clear_individuals();
  return ReadList(value, [&](const JsonStreamValue& element) -> Problem {
    if (element.Is(JsonKind::kString)) {
      slot.add_individuals(std::string(element.text()));
    } else if (element.Is(JsonKind::kNumber)) {
      slot.add_individuals(IdText(element).value_or(std::string(element.text())));
    } else {
      return WrongKind("a string", element);
    }
    return nullptr;
  });
}

// -- what is left unset when it is of another kind

// The optional fields of one object.
class OptionalFields {
 public:
  explicit OptionalFields(WrongKinds& wrong_kinds) : wrong_kinds_(wrong_kinds) {}

  // `set` is called with the text of a field that is `present`.
  template <typename Set>
  void Text(absl::string_view name, const JsonStreamValue& value, const std::string& present,
            Set set) {
    const bool is_text = value.Is(JsonKind::kString);
    if (!is_text) Count(name, value);
    const absl::string_view text = is_text ? value.text() : absl::string_view();
    if (text != present) set(std::string(text));
  }

  std::optional<std::int64_t> Integer(absl::string_view name, const JsonStreamValue& value) {
    const ParsedInteger parsed = ParseInteger(value.text());
    if (parsed.fault == IntegerFault::kNone) return parsed.value;
    Count(name, value);
    return std::nullopt;
  }

  v1::MutexGroup::State State(absl::string_view name, const JsonStreamValue& deleted) {
    if (deleted.Is(JsonKind::kTrue)) return v1::MutexGroup::STATE_ARCHIVED;
    if (deleted.Is(JsonKind::kFalse)) return v1::MutexGroup::STATE_ACTIVE;
    Count(name, deleted);
    return v1::MutexGroup::STATE_UNSPECIFIED;
  }

  v1::EvaluationMode EvaluationMode(absl::string_view name, const JsonStreamValue& value) {
    if (value.Is(JsonKind::kString)) {
      if (absl::EqualsIgnoreCase(value.text(), "local")) return v1::EVALUATION_MODE_LOCAL;
      if (absl::EqualsIgnoreCase(value.text(), "remote")) return v1::EVALUATION_MODE_REMOTE;
    }
    Count(name, value);
    return v1::EVALUATION_MODE_UNSPECIFIED;
  }

  std::optional<absl::Time> Time(absl::string_view name, const JsonStreamValue& value) {
    std::optional<absl::Time> time;
    if (value.Is(JsonKind::kString)) time = ParseIso8601(value.text());
    if (!time) Count(name, value);
    return time;
  }

  void Cohorts(absl::string_view name, const JsonStreamValue& value, v1::Slot& slot) {
    slot.clear_cohorts();
    if (!value.Is(JsonKind::kArray)) Count(name, value);
    value.ForEachElement(
        [&](const JsonStreamValue& cohort) { slot.add_cohorts(cohort.TextOrJson()); });
  }

  // Null stands for absent.
  void Count(absl::string_view name, const JsonStreamValue& value) {
    if (!value.Is(JsonKind::kNull)) ++wrong_kinds_[name];
  }

 private:
  WrongKinds& wrong_kinds_;
};

void SetTime(absl::Time time, google::protobuf::Timestamp* timestamp) {
  const timespec since_epoch = absl::ToTimespec(time);  // rounds towards the past
  timestamp->set_seconds(since_epoch.tv_sec);
  timestamp->set_nanos(static_cast<std::int32_t>(since_epoch.tv_nsec));
}

// -- objects

// What Amplitude calls a slot's position, where it says.
using AmplitudeIndex = std::optional<std::int64_t>;
using AmplitudeIndices = absl::InlinedVector<AmplitudeIndex, 8>;

Problem ReadSlot(const JsonStreamValue& value, v1::Slot& slot, AmplitudeIndex& index,
                 WrongKinds& wrong_kinds) {
  if (!value.Is(JsonKind::kObject)) return WrongKind("an object", value);
  OptionalFields optional(wrong_kinds);
  Problem first;
  bool has_percentage = false;
  value.ForEachMember([&](absl::string_view name, const JsonStreamValue& member) {
    if (Is(name, "percentage")) {
      has_percentage = true;
      Note(first, ".percentage", ReadPercentage(member, slot));
    } else if (Is(name, "experiments")) {
      Note(first, ".experiments", ReadIntegers(member, *slot.mutable_experiment_ids()));
    } else if (Is(name, "holdouts")) {
      Note(first, ".holdouts", ReadIntegers(member, *slot.mutable_holdout_ids()));
    } else if (Is(name, "individuals")) {
      Note(first, ".individuals", ReadIndividuals(member, slot));
    } else if (Is(name, "index")) {
      index = optional.Integer("slots.index", member);
      if (!index && member.Is(JsonKind::kString)) {
        Note(first, ".index", WrongKind("an integer", member));
      }
    } else if (Is(name, "name")) {
      optional.Text("slots.name", member, slot.name(),
                    [&](std::string&& text) { slot.set_name(std::move(text)); });
    } else if (Is(name, "variantKey")) {
      optional.Text("slots.variantKey", member, slot.variant_key(),
                    [&](std::string&& text) { slot.set_variant_key(std::move(text)); });
    } else if (Is(name, "cohorts")) {
      optional.Cohorts("slots.cohorts", member, slot);
    }
  });
  if (!has_percentage) Note(first, ".percentage", MakeProblem("missing"));
  return first;
}

// Puts the slots into the order of Amplitude's indices where all have one, and numbers them from 1.
void OrderSlots(const AmplitudeIndices& indices, v1::MutexGroup& group) {
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

Problem ReadSlots(const JsonStreamValue& value, v1::MutexGroup& group, WrongKinds& wrong_kinds) {
  group.clear_slots();
  if (value.Is(JsonKind::kNull)) return WrongKind("an array", value);
  AmplitudeIndices indices;
  Problem problem = ReadList(value, [&](const JsonStreamValue& element) {
    return ReadSlot(element, *group.add_slots(), indices.emplace_back(), wrong_kinds);
  });
  if (!problem) OrderSlots(indices, group);
  return problem;
}

void ReadOptionalField(absl::string_view name, const JsonStreamValue& value, v1::MutexGroup& group,
                       WrongKinds& wrong_kinds) {
  OptionalFields optional(wrong_kinds);
  if (Is(name, "projectId")) {
    group.set_project_id(optional.Integer("projectId", value).value_or(0));
  } else if (Is(name, "key")) {
    optional.Text("key", value, group.key(),
                  [&](std::string&& text) { group.set_key(std::move(text)); });
  } else if (Is(name, "name")) {
    optional.Text("name", value, group.name(),
                  [&](std::string&& text) { group.set_name(std::move(text)); });
  } else if (Is(name, "description")) {
    optional.Text("description", value, group.description(),
                  [&](std::string&& text) { group.set_description(std::move(text)); });
  } else if (Is(name, "evaluationMode")) {
    group.set_evaluation_mode(optional.EvaluationMode("evaluationMode", value));
  } else if (Is(name, "bucketingKey")) {
    optional.Text("bucketingKey", value, group.bucketing_key(),
                  [&](std::string&& text) { group.set_bucketing_key(std::move(text)); });
  } else if (Is(name, "bucketingSalt")) {
    optional.Text("bucketingSalt", value, group.bucketing_salt(),
                  [&](std::string&& text) { group.set_bucketing_salt(std::move(text)); });
  } else if (Is(name, "deleted")) {
    group.set_state(optional.State("deleted", value));
  } else if (Is(name, "createdBy")) {
    optional.Text("createdBy", value, group.created_by(),
                  [&](std::string&& text) { group.set_created_by(std::move(text)); });
  } else if (Is(name, "lastModifiedBy")) {
    optional.Text("lastModifiedBy", value, group.updated_by(),
                  [&](std::string&& text) { group.set_updated_by(std::move(text)); });
  } else if (Is(name, "createdAt")) {
    group.clear_create_time();
    const auto time = optional.Time("createdAt", value);
    if (time) SetTime(*time, group.mutable_create_time());
  } else if (Is(name, "lastModifiedAt")) {
    group.clear_update_time();
    const auto time = optional.Time("lastModifiedAt", value);
    if (time) SetTime(*time, group.mutable_update_time());
  }
}

Problem ReadId(const JsonStreamValue& value, v1::MutexGroup& group) {
  group.clear_id();
  auto id = IdText(value);
  if (!id) {
    const bool empty = value.Is(JsonKind::kString);
    return empty ? MakeProblem("expected an id, found an empty string") : WrongKind("an id", value);
  }
  group.set_id(std::move(*id));
  return nullptr;
}

}  // namespace

std::unique_ptr<JsonProblem> ReadGroup(const JsonStreamValue& value, v1::MutexGroup& group,
                                       WrongKinds& wrong_kinds) {
  if (!value.Is(JsonKind::kObject)) return WrongKind("an object", value);
  Problem first;
  bool has_id = false;
  bool has_slots = false;
  value.ForEachMember([&](absl::string_view name, const JsonStreamValue& member) {
    if (Is(name, "id")) {
      has_id = true;
      Note(first, ".id", ReadId(member, group));
    } else if (Is(name, "slots")) {
      has_slots = true;
      Note(first, ".slots", ReadSlots(member, group, wrong_kinds));
    } else {
      ReadOptionalField(name, member, group, wrong_kinds);
    }
  });
  if (!has_id) Note(first, ".id", MakeProblem("missing"));
  if (!has_slots) Note(first, ".slots", MakeProblem("missing"));
  if (!first) group.set_etag(Etag(group));
  return first;
}

std::optional<std::string> IdText(const JsonStreamValue& value) {
  if (value.Is(JsonKind::kString)) {
    if (value.text().empty()) return std::nullopt;
    return std::string(value.text());
  }
  if (!value.Is(JsonKind::kNumber)) return std::nullopt;
  // Digits are kept as they are: they may be more than 64 bits hold.
  const bool digits_only = absl::c_all_of(value.text(), [](char c) {
    return c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (digits_only) return std::string(value.text());
  const ParsedInteger parsed = ParseInteger(value.text());
  if (parsed.fault != IntegerFault::kNone) return std::nullopt;
  return absl::StrCat(parsed.value);
}

std::string Unexpected(absl::string_view expected, const JsonStreamValue& found) {
  return absl::StrCat("expected ", expected, ", found ", JsonKindName(found.kind()));
}

}  // namespace mutexd::amplitude
