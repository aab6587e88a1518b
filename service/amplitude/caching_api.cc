#include "service/amplitude/caching_api.h"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <utility>

#include "service/amplitude/error.h"
#include "service/amplitude/group_cache.h"

namespace mutexd::amplitude {

struct CachingApi::State {
  State(OwnWrites& its_own_writes, std::size_t max_bytes)
      : own_writes(its_own_writes), cache(max_bytes) {}

  OwnWrites& own_writes;
  GroupCache cache;
  std::uint64_t writes = 0;  // advances when a write begins and when it ends, but not by reads
};

// A write, from its begin to its end, however it ends: coroutines can be destroyed.
class CachingApi::WriteMark {
 public:
  // `id` is that of the group; empty for one that does not exist yet.
  WriteMark(const std::shared_ptr<State>& state, std::string id, MonotonicTime now)
      : state_(state), id_(std::move(id)) {
    Advance(*state);
    state->cache.Overwrite(id_, now);
  }
  ~WriteMark() {
    const std::shared_ptr<State> state = state_.lock();
    if (state == nullptr) return;
    Advance(*state);
    // What was kept meanwhile may be from before.
    state->cache.Forget(id_);
  }
  WriteMark(const WriteMark&) = delete;
  WriteMark& operator=(const WriteMark&) = delete;

 private:
  static void Advance(State& state) {
    state.own_writes.Advance();
    ++state.writes;
  }

  const std::weak_ptr<State> state_;
  const std::string id_;
};

// A read, from its begin to its end. One that settles a write ends what was known before it.
class CachingApi::ReadMark {
 public:
  // `id` is that of the group; empty for a page.
  ReadMark(const std::shared_ptr<State>& state, const Call& call, std::string id)
      : state_(state),
        id_(std::move(id)),
        settles_(call.write_sent),
        position_(state->own_writes.position()),
        writes_(state->writes) {}
  ~ReadMark() {
    const std::shared_ptr<State> state = state_.lock();
    if (state != nullptr) End(*state);
  }
  ReadMark(const ReadMark&) = delete;
  ReadMark& operator=(const ReadMark&) = delete;

  bool settles() const { return settles_; }

  // Whether what was read is as new as all own writes. One settling read does not make another one
  // old, for it brings nothing about.
  bool End(State& state) {
    const bool current =
        settles_ ? writes_ == state.writes : position_ == state.own_writes.position();
    if (settles_ && !std::exchange(ended_, true)) {
      state.own_writes.Advance();
      state.cache.Forget(id_);
    }
    return current;
  }

 private:
  const std::weak_ptr<State> state_;
  const std::string id_;
  const bool settles_;
  const std::uint64_t position_;
  const std::uint64_t writes_;
  bool ended_ = false;
};

CachingApi::CachingApi(AmplitudeApi& inner, Clock& clock, KeySource& keys, OwnWrites& own_writes,
                       PolicyObserver& observer, CacheOptions options)
    : inner_(inner),
      clock_(clock),
      keys_(keys),
      observer_(observer),
      options_(options),
      state_(std::make_shared<State>(own_writes, options.max_bytes)) {}

CachingApi::~CachingApi() = default;

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> CachingApi::List(
    Call& call, ListQuery query) {
  if (!Concerns(call) && !call.write_sent) return inner_.List(call, std::move(query));
  return ListThrough(call, std::move(query));
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> CachingApi::Get(
    Call& call, std::string id) {
  if (!Concerns(call) && !call.write_sent) return inner_.Get(call, std::move(id));
  return GetThrough(call, std::move(id));
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> CachingApi::ListThrough(
    Call& call, ListQuery query) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const std::optional<std::uint64_t> key = KeyOf(call);
  if (key && AllowsStaleness(call)) {
    auto page = state_->cache.FindPage(*key, query, OldestFor(call, options_.max_age),
                                       state_->own_writes.position());
    observer_.OnCacheLookup(Operation::kList, page != nullptr);
    if (page != nullptr) co_return page;
  }
  ReadMark mark(state_, call, "");
  auto page = co_await inner_.List(call, query);
  const bool current = mark.End(*state_);
  // A page on which a write is looked for may not show it yet.
  if (key && page.ok() && current && !mark.settles()) {
    state_->cache.KeepPage(*key, query, *page, state_->own_writes.position());
    TidyUp();
  }
  co_return page;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> CachingApi::GetThrough(
    Call& call, std::string id) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const std::optional<std::uint64_t> key = KeyOf(call);
  if (key && AllowsStaleness(call)) {
    auto known = Lookup(*key, call, id);
    observer_.OnCacheLookup(Operation::kGet, known.has_value());
    if (known) co_return *std::move(known);
  }
  const MonotonicTime begun_at = clock_.MonotonicNow();
  ReadMark mark(state_, call, id);
  auto group = co_await inner_.Get(call, id);
  const bool current = mark.End(*state_);
  if (!key || !current) co_return group;
  if (group.ok()) {
    state_->cache.KeepGroup(*key, *group);
  } else if (ReasonOf(group.status()) == v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND) {
    state_->cache.KeepAbsence(*key, std::move(id), group.status(), begun_at,
                              state_->own_writes.position());
  } else {
    co_return group;
  }
  TidyUp();
  co_return group;
}

std::shared_ptr<const FetchedGroup> CachingApi::Known(const Call& call, const std::string& id) {
  if (!AllowsStaleness(call) || !Concerns(call)) return nullptr;
  const std::optional<std::uint64_t> key = KeyOf(call);
  if (!key) return nullptr;
  auto group = state_->cache.FindGroup(*key, id, OldestFor(call, options_.max_age));
  // When it is not known it will be read, and then counts as not found.
  if (group != nullptr) observer_.OnCacheLookup(Operation::kGet, true);
  return group;
}

asio::awaitable<WriteResult> CachingApi::Edit(Call& call, std::string id, GroupEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const WriteMark mark(state_, id, clock_.MonotonicNow());
  WriteResult result = co_await inner_.Edit(call, id, std::move(edit));
  if (result.effect == WriteEffect::kNone) state_->cache.EndShadow(id);
  co_return result;
}

asio::awaitable<WriteResult> CachingApi::EditSlot(Call& call, std::string id, int path_index,
                                                  SlotEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const WriteMark mark(state_, id, clock_.MonotonicNow());
  WriteResult result = co_await inner_.EditSlot(call, id, path_index, std::move(edit));
  if (result.effect == WriteEffect::kNone) state_->cache.EndShadow(id);
  co_return result;
}

asio::awaitable<CreateResult> CachingApi::Create(Call& call, const v1::MutexGroup& group) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const WriteMark mark(state_, "", clock_.MonotonicNow());
  co_return co_await inner_.Create(call, group);
}

bool CachingApi::AllowsStaleness(const Call& call) const {
  return call.max_staleness > absl::ZeroDuration() && !call.is_write && options_.max_bytes > 0 &&
         options_.max_age > absl::ZeroDuration();
}

bool CachingApi::Concerns(const Call& call) {
  if (AllowsStaleness(call)) {
    interest_ends_ = clock_.MonotonicNow() + absl::ToChronoNanoseconds(options_.max_age);
  }
  if (!interest_ends_) return false;
  if (clock_.MonotonicNow() < *interest_ends_) return true;
  interest_ends_.reset();
  state_->cache.Clear();
  observer_.OnCacheSize(state_->cache.bytes(), state_->cache.entries());
  return false;
}

MonotonicTime CachingApi::OldestFor(const Call& call, absl::Duration limit) const {
  return clock_.MonotonicNow() - absl::ToChronoNanoseconds(std::min(call.max_staleness, limit));
}

std::optional<std::uint64_t> CachingApi::KeyOf(const Call& call) const {
  if (!interest_ends_) return std::nullopt;
  const auto credential = CredentialOf(call, keys_);
  if (!credential.ok()) return std::nullopt;  // the error is for the client to make
  return Fingerprint(**credential);
}

std::optional<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> CachingApi::Lookup(
    std::uint64_t key, const Call& call, const std::string& id) {
  auto group = state_->cache.FindGroup(key, id, OldestFor(call, options_.max_age));
  if (group != nullptr) return group;
  auto absence = state_->cache.FindAbsence(
      key, id, OldestFor(call, std::min(options_.max_age, options_.negative_ttl)),
      state_->own_writes.position());
  if (absence) return *std::move(absence);
  return std::nullopt;
}

void CachingApi::TidyUp() {
  state_->cache.DropOlderThan(clock_.MonotonicNow() - absl::ToChronoNanoseconds(options_.max_age));
  observer_.OnCacheSize(state_->cache.bytes(), state_->cache.entries());
}

}  // namespace mutexd::amplitude
