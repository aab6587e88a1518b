// Makes requests to Amplitude again whose failure may pass.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/backoff.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/policy_observer.h"
#include "service/amplitude/retry_budget.h"

namespace mutexd::amplitude {

struct RetryOptions {
  int max_attempts = 5;  // the first included
  BackoffOptions backoff;
  RetryBudgetOptions budget;
};

// Which requests: retry_rules.h. When: after a back-off, not before the time that Amplitude asks to
// wait, and only where the next attempt begins before the call's deadline. The error says which
// rule ended the attempts, if there were several.
class RetryingApi final : public AmplitudeApi {
 public:
  // All references must outlive it and its coroutines.
  RetryingApi(AmplitudeApi& inner, Clock& clock, RandomUnit random, PolicyObserver& observer,
              RetryOptions options);

  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> List(
      Call& call, ListQuery query) override;
  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> Get(Call& call,
                                                                           std::string id) override;
  asio::awaitable<WriteResult> Edit(Call& call, std::string id, GroupEdit edit) override;
  asio::awaitable<WriteResult> EditSlot(Call& call, std::string id, int path_index,
                                        SlotEdit edit) override;
  asio::awaitable<CreateResult> Create(Call& call, const v1::MutexGroup& group) override;

 private:
  // The failed attempts of one request.
  struct Attempts {
    Backoff backoff;
    int made = 1;
  };

  template <typename Result, typename MakeRequest>
  asio::awaitable<Result> Repeat(const Call& call, Operation operation, MakeRequest make_request);

  // Called after an attempt that failed with `failure`: waits for the next one. False when there is
  // none; then the failure says why.
  asio::awaitable<bool> WaitForNext(const Call& call, Operation operation, WriteEffect effect,
                                    Attempts& attempts, absl::Status& failure);
  bool GiveUp(Operation operation, RetryEnd why, const Attempts& attempts, absl::Status& failure);

  AmplitudeApi& inner_;
  Clock& clock_;
  const RandomUnit random_;
  PolicyObserver& observer_;
  const RetryOptions options_;
  RetryBudget budget_;
};

}  // namespace mutexd::amplitude
