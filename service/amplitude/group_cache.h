// What Amplitude has shown lately: groups, pages, and ids that no group has, in at most so many
// bytes.
//
// Knows neither requests nor clocks. Knowledge is kept per key (by its fingerprint), and of each id
// only the newest, wherever it came from: a page answers for its groups, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/amplitude/amplitude_types.h"
#include "service/amplitude/monotonic_time.h"

namespace mutexd::amplitude {

// For so long, a group that looks exactly as before an own write to it is not kept: the write may
// just not be visible yet.
inline constexpr absl::Duration kWriteShadow = absl::Seconds(30);

class GroupCache {
 public:
  using GroupPtr = std::shared_ptr<const FetchedGroup>;
  using PagePtr = std::shared_ptr<const FetchedPage>;

  // Keeps nothing with 0 bytes.
  explicit GroupCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // -- what is known since `since`; `position` is OwnWrites::position()

  // Null when nothing newer is known, or that there is no such group.
  GroupPtr FindGroup(std::uint64_t credential, absl::string_view id, MonotonicTime since);

  // The error of a get, when there was no such group at this position.
  std::optional<absl::Status> FindAbsence(std::uint64_t credential, absl::string_view id,
                                          MonotonicTime since, std::uint64_t position);

  // Null unless the page was kept at this position: the groups of another one still count, but it
  // may lack groups that were made since, or have them as they were.
  PagePtr FindPage(std::uint64_t credential, const ListQuery& query, MonotonicTime since,
                   std::uint64_t position);

  // -- what is shown

  // Nothing that is older than what is known already is kept, and nothing that does not fit.
  void KeepGroup(std::uint64_t credential, GroupPtr group);
  void KeepAbsence(std::uint64_t credential, std::string id, absl::Status error,
                   MonotonicTime asked_at, std::uint64_t position);
  void KeepPage(std::uint64_t credential, const ListQuery& query, PagePtr page,
                std::uint64_t position);

  // -- own writes, which concern all keys

  // A write to the group begins: what is known of it no longer counts.
  void Overwrite(absl::string_view id, MonotonicTime now);

  // What is known of the group may be from before the write.
  void Forget(absl::string_view id);

  // The write had no effect.
  void EndShadow(absl::string_view id);

  // -- its size

  // Drops the least recently used as long as they were asked for before `time`.
  void DropOlderThan(MonotonicTime time);
  void Clear();

  std::size_t bytes() const;
  std::size_t entries() const { return items_.size(); }

 private:
  struct Absence {
    absl::Status error;
  };
  // Holds the place of a group that has been written: the etag that it had before.
  struct Shadow {
    std::string etag;
  };
  struct Item {
    std::uint64_t credential = 0;
    MonotonicTime asked_at;
    std::uint64_t position = 0;
    std::string name;  // the id, or the page's cursor
    int limit = 0;     // of a page
    std::variant<GroupPtr, PagePtr, Absence, Shadow> what;
    std::size_t bytes = 0;
  };
  using Items = std::list<Item>;  // the most recently used first

  // Where to look for an id.
  struct Knowledge {
    Items::iterator item;
    const v1::MutexGroup* of_page = nullptr;  // the group, when the item is a page

    const v1::MutexGroup* group() const;  // null when it is no group
  };
  using PageKey = std::tuple<std::uint64_t, int, std::string>;

  // Whether `group`, asked for at `asked_at`, looks as `known` says that it did before a write.
  static bool IsShadowed(const Item& known, const v1::MutexGroup& group, MonotonicTime asked_at);

  Knowledge* Find(std::uint64_t credential, absl::string_view id);
  // What all keys know of the id.
  std::vector<Knowledge> KnowledgeOf(absl::string_view id) const;

  void Insert(Item item);
  void LearnPage(Items::iterator item);
  // In place of what the key knew of the id.
  void Learn(absl::string_view id, Knowledge knowledge);
  // A page loses the one group only.
  void Drop(absl::string_view id, Knowledge knowledge);
  void Unlearn(absl::string_view id, Items::iterator item);
  void Erase(Items::iterator item);
  void Use(Items::iterator item) { items_.splice(items_.begin(), items_, item); }

  const std::size_t max_bytes_;
  Items items_;
  std::size_t item_bytes_ = 0;
  // One for each key that knows the id: mostly one.
  absl::flat_hash_map<std::string, absl::InlinedVector<Knowledge, 1>> known_;
  absl::flat_hash_map<PageKey, Items::iterator> pages_;
};

}  // namespace mutexd::amplitude
