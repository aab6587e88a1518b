// The emulator's state: the mutex groups, and the rules by which they change.
//
// Knows nothing of HTTP or JSON; clock, salts and persistence come from outside. Thread-safe: a
// write is seen by all reads that begin after it returned, unless a visibility lag is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/sandbox/mutex_group.h"

namespace mutexd::sandbox {

using StoredGroup = std::shared_ptr<const MutexGroup>;

struct GroupStoreOptions {
  // Reads show a write only when it is this old. Writes themselves always see the newest state.
  absl::Duration write_visibility_lag;

  // Whether reads leave out archived groups. Amplitude's documentation does not say whether it
  // does.
  bool hide_archived = false;

  // Keys that flags, experiments and holdout groups have: documented is that all share one space.
  std::set<std::string> taken_keys;

  std::function<absl::Time()> now = absl::Now;
  std::function<std::string()> new_salt;  // required

  // Called with all groups, in order, before a write takes effect; a failure undoes the write, and
  // its message is the write's. May be empty.
  std::function<absl::Status(const std::vector<StoredGroup>&)> save;
};

struct GroupPage {
  std::vector<StoredGroup> groups;
  std::optional<std::int64_t> next_offset;  // absent at the end
};

class GroupStore {
 public:
  // Who is named as the author of every write.
  static constexpr absl::string_view kAuthor = "management-api@example.com";

  // `groups` have distinct ids and keys. They are visible at once.
  GroupStore(GroupStoreOptions options, std::vector<MutexGroup> groups);

  // NOT_FOUND when no such group is visible.
  absl::StatusOr<StoredGroup> Get(std::int64_t id) const;

  // The visible groups in the order of their creation, from the offset on. An offset past the end
  // yields an empty last page.
  GroupPage List(std::int64_t offset, std::int64_t limit) const;

  // The new group's id. ALREADY_EXISTS when the key is taken. Without a key one is made of the
  // name.
  absl::StatusOr<std::int64_t> Create(NewGroup group);

  // NOT_FOUND when there is no such group. Archived groups can be edited: nothing is documented,
  // and it is how they are unarchived.
  absl::Status Edit(std::int64_t id, const GroupEdit& edit);

  // `position` counts from 0. NOT_FOUND when there is no such group or slot.
  absl::Status EditSlot(std::int64_t id, std::int64_t position, const SlotEdit& edit);

  // All groups, archived and not yet visible ones included.
  std::vector<StoredGroup> All() const;

 private:
  struct Version {
    absl::Time visible_from;
    StoredGroup group;
  };
  // From old to new, never empty.
  using Versions = std::vector<Version>;

  Versions* FindLocked(std::int64_t id);
  StoredGroup VisibleLocked(const Versions& versions, absl::Time now) const;
  bool IsKeyTakenLocked(const std::string& key) const;
  std::string NewKeyLocked(absl::string_view name) const;
  std::vector<StoredGroup> AllLocked() const;
  absl::Status SaveLocked(const StoredGroup& changed) const;
  absl::Status CommitLocked(Versions& versions, MutexGroup changed);

  const GroupStoreOptions options_;
  mutable std::mutex mutex_;
  std::vector<Versions> groups_;                             // by id, which is by creation
  std::unordered_map<std::int64_t, std::size_t> positions_;  // id to place in groups_
  std::set<std::string> keys_;
  std::int64_t next_id_ = 1;
};

}  // namespace mutexd::sandbox
