#include "service/groups/list.h"

#include <asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "service/amplitude/utf8_text.h"
#include "service/groups/cancellation.h"
#include "service/groups/group_reply.h"
#include "service/groups/scan.h"
#include "service/groups/staleness.h"

namespace mutexd::groups {
namespace {

constexpr int kDefaultPageSize = 100;

// The longest that a filtered listing keeps back of its deadline to answer with what it has.
constexpr absl::Duration kScanReserve = absl::Seconds(1);

// Texts that name an unreadable group are clipped to this many bytes: what spoils a group can be
// its size.
constexpr std::size_t kMaxUnreadableTextBytes = 256;

v1::UnreadableMutexGroup Unreadable(absl::string_view id, absl::string_view reason) {
  v1::UnreadableMutexGroup unreadable;
  unreadable.set_mutex_group_id(std::string(amplitude::ClipUtf8(id, kMaxUnreadableTextBytes)));
  unreadable.set_reason(std::string(amplitude::ClipUtf8(reason, kMaxUnreadableTextBytes)));
  return unreadable;
}

template <typename List, typename Value>
bool Contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Fills one reply with the elements of Amplitude's pages that belong into it, within its limits.
class PageBuilder {
 public:
  PageBuilder(const Gateway& gateway, const v1::ListMutexGroupsRequest& request)
      : request_(request),
        max_bytes_(gateway.options.max_reply_bytes),
        room_for_groups_(EffectivePageSize(request.page_size())),
        reply_(std::make_shared<GroupReply<v1::ListMutexGroupsResponse>>()) {}

  // Takes the elements of `page` from `skip` on. Returns how many of the page's elements are done:
  // all of them, or fewer when the reply is full.
  int Take(const PagePtr& page, int skip, std::size_t cursor_bytes) {
    // What the token, the read time and gRPC's frame may take: a token is at most the cursor and 64
    // bytes more in base64.
    const std::size_t overhead = kReplyOverheadBytes + (cursor_bytes + 64) * 4 / 3 + 8;
    NoteReadTime(page->read_time);
    reply_->Keep(page);
    const int size = static_cast<int>(page->entries.size());
    for (int i = std::min(skip, size); i < size; ++i) {
      if (room_for_groups_ == 0 || !TakeEntry(page->entries[i], overhead)) return i;
    }
    return size;
  }

  bool full() const { return room_for_groups_ == 0; }

  std::shared_ptr<v1::ListMutexGroupsResponse> Finish() {
    *(*reply_)->mutable_read_time() = ToTimestamp(read_time_);
    return GroupReply<v1::ListMutexGroupsResponse>::Share(std::move(reply_));
  }

 private:
  bool Wanted(const v1::MutexGroup& group) const {
    if (group.state() == v1::MutexGroup::STATE_ARCHIVED && !request_.show_archived()) return false;
    return Matches(group, request_.filter());
  }

  // False when the reply has no room left for it.
  bool TakeEntry(const amplitude::ListEntry& entry, std::size_t overhead) {
    if (entry.unreadable != nullptr) {
      return TakeUnreadable(
          Unreadable(entry.unreadable->mutex_group_id(), entry.unreadable->reason()), overhead);
    }
    if (!Wanted(*entry.group)) return true;
    const std::size_t bytes = NestedBytes(entry.bytes);
    if (bytes + overhead > max_bytes_) {
      return TakeUnreadable(
          Unreadable(entry.group->id(),
                     absl::StrCat("the group of ", bytes, " bytes is larger than a reply may be (",
                                  max_bytes_, " bytes, --max-reply-bytes)")),
          overhead);
    }
    if (!Reserve(bytes, overhead)) return false;
    (*reply_)->mutable_mutex_groups()->UnsafeArenaAddAllocated(Borrow(entry.group));
    --room_for_groups_;
    return true;
  }

  bool TakeUnreadable(v1::UnreadableMutexGroup unreadable, std::size_t overhead) {
    if (!Reserve(NestedBytes(unreadable.ByteSizeLong()), overhead)) return false;
    *(*reply_)->add_unreadable() = std::move(unreadable);
    return true;
  }

  bool Reserve(std::size_t bytes, std::size_t overhead) {
    if (bytes_ > 0 && bytes_ + bytes + overhead > max_bytes_) return false;
    bytes_ += bytes;
    return true;
  }

  void NoteReadTime(absl::Time time) { read_time_ = std::min(read_time_, time); }

  const v1::ListMutexGroupsRequest& request_;
  const std::size_t max_bytes_;
  int room_for_groups_;
  std::size_t bytes_ = 0;
  absl::Time read_time_ = absl::InfiniteFuture();
  std::shared_ptr<GroupReply<v1::ListMutexGroupsResponse>> reply_;
};

bool HasFilter(const v1::MutexGroupFilter& filter) { return filter.ByteSizeLong() > 0; }

// AmplitudeApi::List for use with the operators of awaitables, which run it as a coroutine of its
// own.
asio::awaitable<absl::StatusOr<PagePtr>> List(Gateway& gateway, amplitude::Call& call,
                                              amplitude::ListQuery query) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await gateway.amplitude.List(call, std::move(query));
}

// Reads a page, but gives up at `stop` with nothing, and asks for nothing from then on.
asio::awaitable<std::optional<absl::StatusOr<PagePtr>>> ListUntil(Gateway& gateway,
                                                                  amplitude::Call& call,
                                                                  amplitude::ListQuery query,
                                                                  amplitude::MonotonicTime stop) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT: operators have no other way
                                                            // in
  if (co_await WasCancelled()) co_return absl::CancelledError();
  if (gateway.clock.MonotonicNow() >= stop) co_return std::nullopt;
  std::variant<absl::StatusOr<PagePtr>, bool> first =
      co_await (List(gateway, call, std::move(query)) || gateway.clock.SleepUntil(stop));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  // The clock wakes early when the call itself is cancelled; then the error is for the caller.
  if (!std::get<1>(first)) co_return absl::CancelledError();
  co_return std::nullopt;
}

}  // namespace

int EffectivePageSize(int page_size) {
  if (page_size == 0) return kDefaultPageSize;
  return std::min(page_size, amplitude::kMaxListLimit);
}

bool Matches(const v1::MutexGroup& group, const v1::MutexGroupFilter& filter) {
  if (filter.project_id() != 0 && group.project_id() != filter.project_id()) return false;
  if (!filter.key().empty() && group.key() != filter.key()) return false;
  const auto in_a_slot = [&group](auto holds) {
    return std::any_of(group.slots().begin(), group.slots().end(), holds);
  };
  if (filter.experiment_id() != 0 && !in_a_slot([&filter](const v1::Slot& slot) {
        return Contains(slot.experiment_ids(), filter.experiment_id());
      })) {
    return false;
  }
  if (filter.holdout_id() != 0 && !in_a_slot([&filter](const v1::Slot& slot) {
        return Contains(slot.holdout_ids(), filter.holdout_id());
      })) {
    return false;
  }
  return filter.individual().empty() || in_a_slot([&filter](const v1::Slot& slot) {
           return Contains(slot.individuals(), filter.individual());
         });
}

std::size_t ListedBytes(const v1::ListMutexGroupsResponse& response) {
  // What follows the groups is small, and its own size is not cached yet.
  std::size_t bytes =
      response.has_read_time() ? NestedBytes(response.read_time().ByteSizeLong()) : 0;
  for (const v1::MutexGroup& group : response.mutex_groups()) {
    bytes += NestedBytes(static_cast<std::size_t>(group.GetCachedSize()));
  }
  for (const v1::UnreadableMutexGroup& unreadable : response.unreadable()) {
    bytes += NestedBytes(unreadable.ByteSizeLong());
  }
  const std::size_t token_bytes = response.next_page_token().size();
  return bytes + (token_bytes == 0 ? 0 : NestedBytes(token_bytes));
}

asio::awaitable<absl::StatusOr<ListedPage>> ListGroups(Gateway& gateway, amplitude::Call& call,
                                                       const v1::ListMutexGroupsRequest& request,
                                                       ListPosition from) {
  AllowStaleness(gateway, call, request);
  const bool filtered = HasFilter(request.filter());
  const amplitude::MonotonicTime now = gateway.clock.MonotonicNow();
  const absl::Duration left = absl::FromChrono(call.deadline - now);
  const amplitude::MonotonicTime stop =
      call.deadline - absl::ToChronoNanoseconds(std::min(left / 5, kScanReserve));

  PageBuilder builder(gateway, request);
  CursorTrail trail;
  ListPosition position = std::move(from);
  for (bool first = true;; first = false) {
    if (position.limit == 0) {
      position.limit = filtered ? amplitude::kMaxListLimit : EffectivePageSize(request.page_size());
    }
    amplitude::ListQuery query{.limit = position.limit, .cursor = position.cursor};
    // The first page is waited for until the end: without it there is nothing to answer with.
    std::optional<absl::StatusOr<PagePtr>> page;
    if (first) {
      page = co_await gateway.amplitude.List(call, std::move(query));
    } else {
      page = co_await ListUntil(gateway, call, std::move(query), stop);
    }
    if (!page) co_return ListedPage{builder.Finish(), std::move(position)};
    if (!page->ok()) co_return std::move(*page).status();

    absl::StatusOr<std::string> next = trail.Next(position.cursor, ***page);
    if (!next.ok()) co_return std::move(next).status();
    const std::size_t cursor_bytes = std::max(next->size(), position.cursor.size());
    const int done = builder.Take(**page, position.skip, cursor_bytes);
    if (done < static_cast<int>((**page)->entries.size())) {
      position.skip = done;
      position.limit = (**page)->limit;
      co_return ListedPage{builder.Finish(), std::move(position)};
    }
    if (next->empty()) co_return ListedPage{builder.Finish(), std::nullopt};
    // A page that had to be asked for with a smaller limit tells how large the next may be.
    const int served_limit = (**page)->limit;
    position = ListPosition{.cursor = *std::move(next),
                            .limit = served_limit < position.limit ? served_limit : 0};
    if (!filtered || builder.full()) co_return ListedPage{builder.Finish(), std::move(position)};
  }
}

}  // namespace mutexd::groups
