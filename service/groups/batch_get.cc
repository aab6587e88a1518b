#include "service/groups/batch_get.h"

#include <asio/experimental/awaitable_operators.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/amplitude/error.h"
#include "service/groups/cancellation.h"
#include "service/groups/group_errors.h"
#include "service/groups/group_reply.h"
#include "service/groups/scan.h"
#include "service/groups/staleness.h"

namespace mutexd::groups {
namespace {

// How many bytes of missing ids an error lists; it counts them all.
constexpr std::size_t kMaxListedIdBytes = 300;

struct Found {
  const v1::MutexGroup* group;
  std::shared_ptr<const void> owner;
  absl::Time read_time;
};

// The state of one batch: what is missing, what was found, what does not exist.
class Batch {
 public:
  Batch(Gateway& gateway, amplitude::Call& call, const v1::BatchGetMutexGroupsRequest& request)
      : gateway_(gateway),
        call_(call),
        request_(request),
        missing_(request.mutex_group_ids().begin(), request.mutex_group_ids().end()) {}

  asio::awaitable<absl::Status> Read() {
    TakeKnown();
    Scan scan(gateway_, call_);
    while (!missing_.empty() && !scan.done() &&
           ScanIsCheaper(static_cast<int>(missing_.size()), scan.pages_read(),
                         gateway_.pages_of_last_scan)) {
      absl::StatusOr<PagePtr> page = co_await scan.Next();
      if (!page.ok()) co_return std::move(page).status();
      absl::Status taken = Take(*page);
      if (!taken.ok()) co_return taken;
    }
    // What a scan did not show is asked for by itself: Amplitude may leave archived groups out of
    // its pages, and paging by offset can skip a group.
    co_return co_await GetMissing();
  }

  absl::StatusOr<std::shared_ptr<const v1::BatchGetMutexGroupsResponse>> Reply() const {
    if (!not_found_.empty()) return NotFound();
    auto reply = std::make_shared<GroupReply<v1::BatchGetMutexGroupsResponse>>();
    std::size_t bytes = kReplyOverheadBytes;
    absl::Time read_time = absl::InfiniteFuture();
    std::set<const void*> kept;
    for (const std::string& id : request_.mutex_group_ids()) {
      const Found& found = found_.at(id);
      bytes += NestedBytes(found.group->ByteSizeLong());
      read_time = std::min(read_time, found.read_time);
      (*reply)->mutable_mutex_groups()->UnsafeArenaAddAllocated(Borrow(found.group));
      if (kept.insert(found.owner.get()).second) reply->Keep(found.owner);
    }
    absl::Status size = CheckReplySize(bytes, gateway_.options.max_reply_bytes);
    if (!size.ok()) return size;
    *(*reply)->mutable_read_time() = ToTimestamp(read_time);
    return GroupReply<v1::BatchGetMutexGroupsResponse>::Share(std::move(reply));
  }

 private:
  // What costs no request.
  void TakeKnown() {
    for (auto id = missing_.begin(); id != missing_.end();) {
      GroupPtr group = gateway_.amplitude.Known(call_, *id);
      if (group == nullptr) {
        ++id;
        continue;
      }
      found_[*id] = Found{group->group, group, group->read_time};
      id = missing_.erase(id);
    }
  }

  absl::Status Take(const PagePtr& page) {
    for (const amplitude::ListEntry& entry : page->entries) {
      if (entry.unreadable != nullptr) {
        if (!missing_.contains(entry.unreadable->mutex_group_id())) continue;
        return amplitude::MakeError(
            absl::StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY,
            absl::StrCat("mutex group '", entry.unreadable->mutex_group_id(),
                         "' cannot be read: ", entry.unreadable->reason()));
      }
      if (missing_.erase(entry.group->id()) > 0) {
        found_[entry.group->id()] = Found{entry.group, page, page->read_time};
      }
    }
    return absl::OkStatus();
  }

  asio::awaitable<absl::Status> GetMissing() {
    using namespace asio::experimental::awaitable_operators;  // NOLINT: no other way in
    if (co_await WasCancelled()) co_return absl::CancelledError();
    queue_.assign(missing_.begin(), missing_.end());
    if (queue_.size() == 1) {
      co_await GetFromQueue();
    } else if (!queue_.empty()) {
      co_await (GetFromQueue() && GetFromQueue() && GetFromQueue() && GetFromQueue());
    }
    co_return error_;
  }

  // One of several that work off the queue side by side; all stop at the first error.
  asio::awaitable<void> GetFromQueue() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!queue_.empty() && error_.ok()) {
      const std::string id = std::move(queue_.back());
      queue_.pop_back();
      absl::StatusOr<GroupPtr> group = co_await gateway_.amplitude.Get(call_, id);
      if (group.ok()) {
        found_[id] = Found{(*group)->group, *group, (*group)->read_time};
      } else if (amplitude::ReasonOf(group.status()) == v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND) {
        not_found_.insert(id);
      } else if (error_.ok()) {
        error_ = std::move(group).status();
      }
    }
  }

  absl::Status NotFound() const {
    std::vector<std::string> listed;
    std::size_t bytes = 0;
    std::set<std::string> seen;
    for (const std::string& id : request_.mutex_group_ids()) {
      if (!not_found_.contains(id) || !seen.insert(id).second) continue;
      bytes += id.size() + 2;
      if (bytes > kMaxListedIdBytes) break;
      listed.push_back(id);
    }
    const std::string count = absl::StrCat(not_found_.size());
    const std::string ids = absl::StrJoin(listed, ",");
    absl::Status status =
        GroupNotFound(absl::StrCat(count, " of the mutex groups asked for ",
                                   not_found_.size() == 1 ? "does" : "do",
                                   " not exist: ", absl::StrJoin(listed, ", "),
                                   listed.size() < not_found_.size() ? ", …" : ""),
                      listed.empty() ? "" : listed.front());
    amplitude::SetMetadata(status, "missing_count", count);
    amplitude::SetMetadata(status, "missing_mutex_group_ids", ids);
    return status;
  }

  Gateway& gateway_;
  amplitude::Call& call_;
  const v1::BatchGetMutexGroupsRequest& request_;
  std::set<std::string> missing_;
  std::vector<std::string> queue_;
  std::map<std::string, Found> found_;
  std::set<std::string> not_found_;
  absl::Status error_;
};

}  // namespace

bool ScanIsCheaper(int missing, int pages_read, int pages_of_last_scan) {
  if (missing <= 1) return false;
  if (pages_of_last_scan > pages_read) return pages_of_last_scan - pages_read < missing;
  return pages_read == 0 || pages_read + 1 < missing;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::BatchGetMutexGroupsResponse>>>
BatchGetGroups(Gateway& gateway, amplitude::Call& call,
               const v1::BatchGetMutexGroupsRequest& request) {
  AllowStaleness(gateway, call, request);
  Batch batch(gateway, call, request);
  absl::Status read = co_await batch.Read();
  if (!read.ok()) co_return read;
  co_return batch.Reply();
}

}  // namespace mutexd::groups
