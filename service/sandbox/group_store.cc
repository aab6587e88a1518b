#include "service/sandbox/group_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace mutexd::sandbox {
namespace {

// "Pricing page (EU)" to "pricing-page-eu".
std::string Slug(absl::string_view name) {
  std::string slug;
  for (const unsigned char c : name) {
    if (absl::ascii_isalnum(c)) {
      slug.push_back(static_cast<char>(absl::ascii_tolower(c)));
    } else if (!slug.empty() && slug.back() != '-') {
      slug.push_back('-');
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "mutex-group" : slug;
}

absl::Status NoSuchGroup(std::int64_t id) {
  return absl::NotFoundError(absl::StrCat("Mutex group ", id, " not found"));
}

}  // namespace

GroupStore::GroupStore(GroupStoreOptions options, std::vector<MutexGroup> groups)
    : options_(std::move(options)), keys_(options_.taken_keys) {
  std::sort(groups.begin(), groups.end(),
            [](const MutexGroup& a, const MutexGroup& b) { return a.id < b.id; });
  groups_.reserve(groups.size());
  for (MutexGroup& group : groups) {
    keys_.insert(group.key);
    positions_[group.id] = groups_.size();
    next_id_ = group.id + 1;
    groups_.push_back(
        {{absl::InfinitePast(), std::make_shared<const MutexGroup>(std::move(group))}});
  }
}

absl::StatusOr<StoredGroup> GroupStore::Get(std::int64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto position = positions_.find(id);
  if (position == positions_.end()) return NoSuchGroup(id);
  StoredGroup group = VisibleLocked(groups_[position->second], options_.now());
  if (group == nullptr) return NoSuchGroup(id);
  return group;
}

GroupPage GroupStore::List(std::int64_t offset, std::int64_t limit) const {
  const std::lock_guard lock(mutex_);
  const absl::Time now = options_.now();
  GroupPage page;
  std::int64_t place = 0;
  for (const Versions& versions : groups_) {
    StoredGroup group = VisibleLocked(versions, now);
    if (group == nullptr || place++ < offset) continue;
    if (static_cast<std::int64_t>(page.groups.size()) == limit) {
      page.next_offset = offset + limit;
      break;
    }
    page.groups.push_back(std::move(group));
  }
  return page;
}

absl::StatusOr<std::int64_t> GroupStore::Create(NewGroup group) {
  const std::lock_guard lock(mutex_);
  if (group.key && IsKeyTakenLocked(*group.key)) {
    return absl::AlreadyExistsError(
        absl::StrCat("A flag, experiment, holdout group or mutex group with key \"", *group.key,
                     "\" already exists"));
  }
  const absl::Time now = options_.now();
  MutexGroup created;
  created.id = next_id_;
  created.project_id = group.project_id;
  created.key = group.key ? *std::move(group.key) : NewKeyLocked(group.name);
  created.name = std::move(group.name);
  created.description = std::move(group.description);
  created.evaluation_mode = group.evaluation_mode;
  created.bucketing_key = std::move(group.bucketing_key).value_or(created.bucketing_key);
  created.bucketing_salt =
      group.bucketing_salt ? *std::move(group.bucketing_salt) : options_.new_salt();
  created.slots = std::move(group.slots);
  created.created_at = created.last_modified_at = now;
  created.created_by = created.last_modified_by = std::string(kAuthor);

  const StoredGroup stored = std::make_shared<const MutexGroup>(std::move(created));
  if (absl::Status status = SaveLocked(stored); !status.ok()) return status;
  keys_.insert(stored->key);
  positions_[stored->id] = groups_.size();
  groups_.push_back({{now + options_.write_visibility_lag, stored}});
  return next_id_++;
}

absl::Status GroupStore::Edit(std::int64_t id, const GroupEdit& edit) {
  const std::lock_guard lock(mutex_);
  Versions* versions = FindLocked(id);
  if (versions == nullptr) return NoSuchGroup(id);
  MutexGroup changed = *versions->back().group;
  if (edit.archive) changed.deleted = *edit.archive;
  if (!edit.archive.value_or(false)) {
    if (edit.name) changed.name = *edit.name;
    if (edit.description) changed.description = *edit.description;
  }
  return CommitLocked(*versions, std::move(changed));
}

absl::Status GroupStore::EditSlot(std::int64_t id, std::int64_t position, const SlotEdit& edit) {
  const std::lock_guard lock(mutex_);
  Versions* versions = FindLocked(id);
  if (versions == nullptr) return NoSuchGroup(id);
  MutexGroup changed = *versions->back().group;
  if (position < 0 || position >= static_cast<std::int64_t>(changed.slots.size())) {
    return absl::NotFoundError(absl::StrCat("Mutex group ", id, " has no such slot"));
  }
  Slot& slot = changed.slots[static_cast<std::size_t>(position)];
  if (edit.experiments) slot.experiments = *edit.experiments;
  if (edit.holdouts) slot.holdouts = *edit.holdouts;
  if (edit.individuals) slot.individuals = *edit.individuals;
  return CommitLocked(*versions, std::move(changed));
}

std::vector<StoredGroup> GroupStore::All() const {
  const std::lock_guard lock(mutex_);
  return AllLocked();
}

GroupStore::Versions* GroupStore::FindLocked(std::int64_t id) {
  const auto position = positions_.find(id);
  return position == positions_.end() ? nullptr : &groups_[position->second];
}

// The newest version that reads may show; nullptr when there is none.
StoredGroup GroupStore::VisibleLocked(const Versions& versions, absl::Time now) const {
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->visible_from > now) continue;
    return options_.hide_archived && version->group->deleted ? nullptr : version->group;
  }
  return nullptr;
}

bool GroupStore::IsKeyTakenLocked(const std::string& key) const { return keys_.count(key) > 0; }

std::string GroupStore::NewKeyLocked(absl::string_view name) const {
  const std::string slug = Slug(name);
  std::string key = slug;
  for (int i = 2; IsKeyTakenLocked(key); ++i) key = absl::StrCat(slug, "-", i);
  return key;
}

std::vector<StoredGroup> GroupStore::AllLocked() const {
  std::vector<StoredGroup> all;
  all.reserve(groups_.size() + 1);
  for (const Versions& versions : groups_) all.push_back(versions.back().group);
  return all;
}

absl::Status GroupStore::SaveLocked(const StoredGroup& changed) const {
  if (!options_.save) return absl::OkStatus();
  std::vector<StoredGroup> all = AllLocked();
  const auto position = positions_.find(changed->id);
  if (position == positions_.end()) {
    all.push_back(changed);
  } else {
    all[position->second] = changed;
  }
  // Whatever the system's error is: it must not look as if the group did not exist.
  const absl::Status saved = options_.save(all);
  return saved.ok() ? saved : absl::InternalError(saved.message());
}

absl::Status GroupStore::CommitLocked(Versions& versions, MutexGroup changed) {
  const absl::Time now = options_.now();
  changed.last_modified_at = now;
  changed.last_modified_by = std::string(kAuthor);
  StoredGroup stored = std::make_shared<const MutexGroup>(std::move(changed));
  if (absl::Status status = SaveLocked(stored); !status.ok()) return status;
  versions.push_back({now + options_.write_visibility_lag, std::move(stored)});
  // What is older than the newest visible version will not be read again.
  const auto newest_visible =
      std::find_if(versions.rbegin(), versions.rend(),
                   [&](const Version& version) { return version.visible_from <= now; });
  if (newest_visible != versions.rend()) {
    versions.erase(versions.begin(), newest_visible.base() - 1);
  }
  return absl::OkStatus();
}

}  // namespace mutexd::sandbox
