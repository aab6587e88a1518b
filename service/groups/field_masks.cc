#include "service/groups/field_masks.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mutexd::groups {
namespace {

// Why a path that names a field of the message cannot be in the mask.
struct FixedPath {
  absl::string_view path;
  absl::string_view why;
};

constexpr absl::string_view kImmutable = "cannot change after creation";
constexpr absl::string_view kOutputOnly = "is set by Amplitude alone";

constexpr absl::string_view kUseUpdateSlot =
    ". Slots are changed one by one: use UpdateSlot, AddSlotMembers or RemoveSlotMembers";

constexpr std::array<FixedPath, 13> kFixedGroupPaths = {{
    {"id", "addresses the group and cannot change"},
    {"project_id", kImmutable},
    {"key", kImmutable},
    {"evaluation_mode", kImmutable},
    {"bucketing_key", kImmutable},
    {"bucketing_salt", kImmutable},
    {"slots", "is changed slot by slot: use UpdateSlot, AddSlotMembers or RemoveSlotMembers"},
    {"state", "is changed by ArchiveMutexGroup and UnarchiveMutexGroup"},
    {"create_time", kOutputOnly},
    {"update_time", kOutputOnly},
    {"created_by", kOutputOnly},
    {"updated_by", kOutputOnly},
    {"etag", "goes into the request's own etag"},
}};

constexpr std::array<FixedPath, 5> kFixedSlotPaths = {{
    {"index", "addresses the slot: use slot_index"},
    {"name", kOutputOnly},
    {"variant_key", kOutputOnly},
    {"percentage", kImmutable},
    {"cohorts", kOutputOnly},
}};

// "experimentIds" → "experiment_ids".
std::string SnakeCase(absl::string_view path) {
  std::string snake;
  for (const char c : path) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) snake.push_back('_');
    snake.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return snake;
}

template <typename Mask, std::size_t kSize>
struct MaskFields {
  std::array<std::pair<absl::string_view, bool Mask::*>, kSize> changeable;
  std::string names;  // of those that can change, for messages
};

template <typename Mask, std::size_t kSize, std::size_t kFixed>
Mask Read(const google::protobuf::FieldMask& mask, const MaskFields<Mask, kSize>& fields,
          const std::array<FixedPath, kFixed>& fixed,
          std::vector<amplitude::FieldViolation>& violations) {
  Mask read;
  for (int i = 0; i < mask.paths_size(); ++i) {
    const std::string path = SnakeCase(mask.paths(i));
    bool known = false;
    for (const auto& [name, member] : fields.changeable) {
      if (path != name && path != "*") continue;
      read.*member = true;
      known = true;
    }
    if (known) continue;
    const std::string field = absl::StrCat("update_mask.paths[", i, "]");
    std::string why = "is not a field";
    for (const FixedPath& entry : fixed) {
      if (path == entry.path || absl::StartsWith(path, absl::StrCat(entry.path, "."))) {
        why = std::string(entry.why);
      }
    }
    violations.push_back(
        {field, absl::StrCat("'", mask.paths(i), "' ", why, "; the mask may name ", fields.names)});
  }
  return read;
}

}  // namespace

GroupMask ReadGroupMask(const google::protobuf::FieldMask& mask, const v1::MutexGroup& group,
                        std::vector<amplitude::FieldViolation>& violations) {
  if (mask.paths().empty()) {
    const GroupMask set{.name = !group.name().empty(), .description = !group.description().empty()};
    if (!set.name && !set.description) {
      violations.push_back(
          {"update_mask", absl::StrCat("nothing to change: set name or description, or name in "
                                       "update_mask what shall be emptied",
                                       group.slots().empty() ? "" : kUseUpdateSlot)});
    }
    return set;
  }
  static const MaskFields<GroupMask, 2> fields{
      {{{"name", &GroupMask::name}, {"description", &GroupMask::description}}},
      "name, description or *"};
  return Read(mask, fields, kFixedGroupPaths, violations);
}

SlotMask ReadSlotMask(const google::protobuf::FieldMask& mask,
                      std::vector<amplitude::FieldViolation>& violations) {
  static const MaskFields<SlotMask, 3> fields{{{{"experiment_ids", &SlotMask::experiment_ids},
                                                {"holdout_ids", &SlotMask::holdout_ids},
                                                {"individuals", &SlotMask::individuals}}},
                                              "experiment_ids, holdout_ids, individuals or *"};
  if (mask.paths().empty()) {
    violations.push_back({"update_mask",
                          "required, so that a list emptied on purpose is told from one not "
                          "mentioned: name " +
                              fields.names});
    return {};
  }
  return Read(mask, fields, kFixedSlotPaths, violations);
}

}  // namespace mutexd::groups
