// Keeps the requests to Amplitude within the quotas: a decorator of AmplitudeApi.
#pragma once

#include <memory>
#include <string>

#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/quota.h"

namespace mutexd::amplitude {

// Each use is one request, which it lets start when its turn comes, or refuses with
// RESOURCE_EXHAUSTED when that would be after Call::deadline:
// - QUOTA_PER_SECOND: Call::share tells who shares the second's permits fairly with whom.
// - QUOTA_PER_DAY: a read, when only what is kept for writes is left of the day; a write, at its
//   first request, when Call::requests_needed are not. Those are put aside for it then, in
//   Call::reservation; further ones take what is left.
// - AMPLITUDE_RATE_LIMITED: Amplitude has refused a request as one too many, and asked to wait.
// What is refused was not sent. A cancelled request stops waiting at once and ends CANCELLED.
class QuotaApi final : public AmplitudeApi {
 public:
  // All must outlive it and its coroutines, but for the book, which coroutines that run no more may
  // outlive.
  QuotaApi(AmplitudeApi& inner, KeySource& keys, QuotaBook& book);

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
  template <typename Result, typename MakeRequest>
  asio::awaitable<Result> InTurn(Call& call, int limit, MakeRequest make_request);

  AmplitudeApi& inner_;
  KeySource& keys_;
  QuotaBook& book_;
};

}  // namespace mutexd::amplitude
