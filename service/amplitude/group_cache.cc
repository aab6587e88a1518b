#include "service/amplitude/group_cache.h"

#include <algorithm>
#include <utility>

#include "service/amplitude/group_of_page.h"

namespace mutexd::amplitude {
namespace {

// What the allocator adds to a block, and what shared pointers and list nodes have before theirs.
constexpr std::size_t kBlockBytes = 32;

// Hash tables are at least 7/16 full.
template <typename Table>
constexpr std::size_t SlotBytes() {
  return (sizeof(typename Table::value_type) + 1) * 2;
}

// The texts of a message on an arena are beside the arena. Its wire format is as long as they are
// and a little longer, and stands in the reply.
std::size_t BytesOf(const FetchedGroup& group) {
  return sizeof(FetchedGroup) + 2 * kBlockBytes + group.arena.SpaceAllocated() +
         2 * group.group->ByteSizeLong();
}

std::size_t BytesOf(const FetchedPage& page) {
  std::size_t bytes = sizeof(FetchedPage) + 2 * kBlockBytes + page.arena.SpaceAllocated() +
                      page.entries.capacity() * sizeof(ListEntry) + page.next_cursor.size();
  for (const ListEntry& entry : page.entries) bytes += entry.bytes;
  return bytes;
}

std::size_t BytesOf(const absl::Status& error) {
  std::size_t bytes = error.message().size() + kBlockBytes;
  error.ForEachPayload([&bytes](absl::string_view type, const absl::Cord& payload) {
    bytes += type.size() + payload.size() + 4 * kBlockBytes;
  });
  return bytes;
}

}  // namespace

GroupCache::GroupPtr GroupCache::FindGroup(std::uint64_t credential, absl::string_view id,
                                           MonotonicTime since) {
  const Knowledge* known = Find(credential, id);
  if (known == nullptr || known->item->asked_at < since) return nullptr;
  Item& item = *known->item;
  if (const auto* group = std::get_if<GroupPtr>(&item.what)) {
    Use(known->item);
    return *group;
  }
  if (known->of_page == nullptr) return nullptr;
  Use(known->item);
  return GroupOfPage(std::get<PagePtr>(item.what), known->of_page);
}

std::optional<absl::Status> GroupCache::FindAbsence(std::uint64_t credential, absl::string_view id,
                                                    MonotonicTime since, std::uint64_t position) {
  const Knowledge* known = Find(credential, id);
  if (known == nullptr || known->item->asked_at < since) return std::nullopt;
  const auto* absence = std::get_if<Absence>(&known->item->what);
  if (absence == nullptr || known->item->position != position) return std::nullopt;
  Use(known->item);
  return absence->error;
}

GroupCache::PagePtr GroupCache::FindPage(std::uint64_t credential, const ListQuery& query,
                                         MonotonicTime since, std::uint64_t position) {
  const auto found = pages_.find(PageKey(credential, query.limit, query.cursor));
  if (found == pages_.end()) return nullptr;
  const Items::iterator item = found->second;
  if (item->asked_at < since || item->position != position) return nullptr;
  Use(item);
  return std::get<PagePtr>(item->what);
}

void GroupCache::KeepGroup(std::uint64_t credential, GroupPtr group) {
  const std::string& id = group->group->id();
  const Knowledge* known = Find(credential, id);
  if (known != nullptr && (known->item->asked_at > group->asked_at ||
                           IsShadowed(*known->item, *group->group, group->asked_at))) {
    return;
  }
  Item item{.credential = credential, .asked_at = group->asked_at, .name = id};
  item.bytes = BytesOf(*group);
  item.what = std::move(group);
  Insert(std::move(item));
}

void GroupCache::KeepAbsence(std::uint64_t credential, std::string id, absl::Status error,
                             MonotonicTime asked_at, std::uint64_t position) {
  const Knowledge* known = Find(credential, id);
  if (known != nullptr && known->item->asked_at > asked_at) return;
  Item item{.credential = credential, .asked_at = asked_at, .position = position};
  item.name = std::move(id);
  item.bytes = BytesOf(error);
  item.what = Absence{std::move(error)};
  Insert(std::move(item));
}

void GroupCache::KeepPage(std::uint64_t credential, const ListQuery& query, PagePtr page,
                          std::uint64_t position) {
  const auto former = pages_.find(PageKey(credential, query.limit, query.cursor));
  if (former != pages_.end() && former->second->asked_at > page->asked_at) return;
  for (const ListEntry& entry : page->entries) {
    if (entry.group == nullptr) continue;
    const Knowledge* known = Find(credential, entry.group->id());
    if (known != nullptr && IsShadowed(*known->item, *entry.group, page->asked_at)) return;
  }
  Item item{.credential = credential, .asked_at = page->asked_at, .position = position};
  item.name = query.cursor;
  item.limit = query.limit;
  item.bytes = BytesOf(*page);
  item.what = std::move(page);
  Insert(std::move(item));
}

void GroupCache::Overwrite(absl::string_view id, MonotonicTime now) {
  for (const Knowledge& known : KnowledgeOf(id)) {
    if (std::holds_alternative<Shadow>(known.item->what)) continue;
    Item shadow{.credential = known.item->credential, .asked_at = now, .name = std::string(id)};
    const v1::MutexGroup* before = known.group();
    if (before != nullptr) {
      shadow.bytes = before->etag().size();
      shadow.what = Shadow{before->etag()};
    }
    Drop(id, known);
    if (before != nullptr) Insert(std::move(shadow));
  }
}

void GroupCache::Forget(absl::string_view id) {
  for (const Knowledge& known : KnowledgeOf(id)) {
    if (!std::holds_alternative<Shadow>(known.item->what)) Drop(id, known);
  }
}

void GroupCache::EndShadow(absl::string_view id) {
  for (const Knowledge& known : KnowledgeOf(id)) {
    if (std::holds_alternative<Shadow>(known.item->what)) Drop(id, known);
  }
}

void GroupCache::DropOlderThan(MonotonicTime time) {
  while (!items_.empty() && items_.back().asked_at < time) Erase(std::prev(items_.end()));
}

void GroupCache::Clear() {
  known_.clear();
  pages_.clear();
  items_.clear();
  item_bytes_ = 0;
  // An empty table keeps its room otherwise.
  known_.rehash(0);
  pages_.rehash(0);
}

std::size_t GroupCache::bytes() const {
  return item_bytes_ + known_.size() * SlotBytes<decltype(known_)>() +
         pages_.size() * SlotBytes<decltype(pages_)>();
}

const v1::MutexGroup* GroupCache::Knowledge::group() const {
  if (of_page != nullptr) return of_page;
  const auto* group = std::get_if<GroupPtr>(&item->what);
  return group == nullptr ? nullptr : (*group)->group;
}

bool GroupCache::IsShadowed(const Item& known, const v1::MutexGroup& group,
                            MonotonicTime asked_at) {
  const auto* shadow = std::get_if<Shadow>(&known.what);
  return shadow != nullptr && shadow->etag == group.etag() &&
         absl::FromChrono(asked_at - known.asked_at) < kWriteShadow;
}

GroupCache::Knowledge* GroupCache::Find(std::uint64_t credential, absl::string_view id) {
  const auto found = known_.find(id);
  if (found == known_.end()) return nullptr;
  for (Knowledge& known : found->second) {
    if (known.item->credential == credential) return &known;
  }
  return nullptr;
}

std::vector<GroupCache::Knowledge> GroupCache::KnowledgeOf(absl::string_view id) const {
  const auto found = known_.find(id);
  if (found == known_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void GroupCache::Insert(Item item) {
  const auto* page = std::get_if<PagePtr>(&item.what);
  item.bytes += sizeof(Item) + kBlockBytes + 2 * item.name.size();
  const std::size_t index_bytes =
      page == nullptr
          ? SlotBytes<decltype(known_)>()
          : SlotBytes<decltype(pages_)>() + (*page)->entries.size() * SlotBytes<decltype(known_)>();
  if (item.bytes + index_bytes > max_bytes_) return;
  item_bytes_ += item.bytes;
  items_.push_front(std::move(item));
  const Items::iterator inserted = items_.begin();
  if (std::holds_alternative<PagePtr>(inserted->what)) {
    LearnPage(inserted);
  } else {
    Learn(inserted->name, {inserted});
  }
  while (bytes() > max_bytes_) Erase(std::prev(items_.end()));
}

void GroupCache::LearnPage(Items::iterator item) {
  const PageKey key(item->credential, item->limit, item->name);
  const auto former = pages_.find(key);
  if (former != pages_.end()) Erase(former->second);
  pages_.emplace(key, item);
  for (const ListEntry& entry : std::get<PagePtr>(item->what)->entries) {
    const std::string& id =
        entry.group != nullptr ? entry.group->id() : entry.unreadable->mutex_group_id();
    const Knowledge* known = Find(item->credential, id);
    if (known != nullptr && known->item->asked_at > item->asked_at) continue;
    if (entry.group != nullptr) {
      Learn(id, {item, entry.group});
    } else if (known != nullptr) {
      Drop(id, *known);
    }
  }
}

void GroupCache::Learn(absl::string_view id, Knowledge knowledge) {
  const Knowledge* former = Find(knowledge.item->credential, id);
  if (former != nullptr) Drop(id, *former);
  known_[id].push_back(knowledge);
}

void GroupCache::Drop(absl::string_view id, Knowledge knowledge) {
  if (knowledge.of_page == nullptr) {
    Erase(knowledge.item);
  } else {
    Unlearn(id, knowledge.item);
  }
}

void GroupCache::Unlearn(absl::string_view id, Items::iterator item) {
  const auto found = known_.find(id);
  if (found == known_.end()) return;
  auto& all = found->second;
  all.erase(std::remove_if(all.begin(), all.end(),
                           [item](const Knowledge& known) { return known.item == item; }),
            all.end());
  if (all.empty()) known_.erase(found);
}

void GroupCache::Erase(Items::iterator item) {
  if (const auto* page = std::get_if<PagePtr>(&item->what)) {
    pages_.erase(PageKey(item->credential, item->limit, item->name));
    for (const ListEntry& entry : (*page)->entries) {
      if (entry.group != nullptr) Unlearn(entry.group->id(), item);
    }
  } else {
    Unlearn(item->name, item);
  }
  item_bytes_ -= item->bytes;
  items_.erase(item);
}

}  // namespace mutexd::amplitude
