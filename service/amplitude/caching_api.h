// Answers reads that may be old from what Amplitude has shown before.
#pragma once

#include <asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/own_writes.h"
#include "service/amplitude/policy_observer.h"

namespace mutexd::amplitude {

struct CacheOptions {
  std::size_t max_bytes = std::size_t{32} << 20;   // 0 turns the cache off
  absl::Duration max_age = absl::Minutes(10);      // nothing older is served; 0 turns it off, too
  absl::Duration negative_ttl = absl::Seconds(5);  // how long a group counts as missing, at most
};

// A call is answered from the cache only when it allows it (Call::max_staleness) and is no write;
// then it needs no request, so it is answered also while Amplitude is down or the quota is spent.
// Every answer of Amplitude is kept, but only within `max_age` of the last call that allowed
// staleness: when nobody does, the cache takes neither memory nor time.
//
// Nothing is served that may be older than this process's own last write to the same group. For
// that, and whether or not anything is kept, `own_writes` advances when a write begins, when it
// ends, and at the end of every read of a call that has written: by then the write may have become
// visible.
//
// Lives on the event loop. All that it is given must outlive it; coroutines that it has begun may
// outlive it, but must not run any more then.
class CachingApi final : public AmplitudeApi {
 public:
  CachingApi(AmplitudeApi& inner, Clock& clock, KeySource& keys, OwnWrites& own_writes,
             PolicyObserver& observer, CacheOptions options);
  ~CachingApi() override;

  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> List(
      Call& call, ListQuery query) override;
  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> Get(Call& call,
                                                                           std::string id) override;
  std::shared_ptr<const FetchedGroup> Known(const Call& call, const std::string& id) override;
  asio::awaitable<WriteResult> Edit(Call& call, std::string id, GroupEdit edit) override;
  asio::awaitable<WriteResult> EditSlot(Call& call, std::string id, int path_index,
                                        SlotEdit edit) override;
  asio::awaitable<CreateResult> Create(Call& call, const v1::MutexGroup& group) override;

 private:
  struct State;
  class WriteMark;
  class ReadMark;

  bool AllowsStaleness(const Call& call) const;
  // Whether the cache has a part in the call's reads.
  bool Concerns(const Call& call);
  // The moment from which answers are fresh enough for the call.
  MonotonicTime OldestFor(const Call& call, absl::Duration limit) const;
  // Under what the call's reads are kept; nothing when none are.
  std::optional<std::uint64_t> KeyOf(const Call& call) const;

  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> ListThrough(Call& call,
                                                                                  ListQuery query);
  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> GetThrough(Call& call,
                                                                                  std::string id);
  // The answer as it is known; nothing when Amplitude must be asked.
  std::optional<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> Lookup(std::uint64_t key,
                                                                            const Call& call,
                                                                            const std::string& id);
  // Drops what is too old for everybody, and tells how much is kept.
  void TidyUp();

  AmplitudeApi& inner_;
  Clock& clock_;
  KeySource& keys_;
  PolicyObserver& observer_;
  const CacheOptions options_;
  std::optional<MonotonicTime> interest_ends_;  // set while answers are kept
  std::shared_ptr<State> state_;  // marks hold it weakly: they may be dropped after this
};

}  // namespace mutexd::amplitude
