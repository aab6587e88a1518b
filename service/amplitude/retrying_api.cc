#include "service/amplitude/retrying_api.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/amplitude/retry_rules.h"

namespace mutexd::amplitude {
namespace {

// The least time in which an attempt is worth beginning: one that the deadline cuts off says less
// than the failure before it.
constexpr absl::Duration kLeastAttemptTime = absl::Milliseconds(100);

absl::string_view Explain(RetryEnd why) {
  switch (why) {
    case RetryEnd::kAttempts:
      return "no more are made for one call";
    case RetryEnd::kDeadline:
      return "the next would come after the deadline";
    case RetryEnd::kBudget:
      return "so many requests fail that repeating them would make it worse";
  }
  return "";
}

}  // namespace

RetryingApi::RetryingApi(AmplitudeApi& inner, Clock& clock, RandomUnit random,
                         PolicyObserver& observer, RetryOptions options)
    : inner_(inner),
      clock_(clock),
      random_(std::move(random)),
      observer_(observer),
      options_(options),
      budget_(options.budget) {}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> RetryingApi::List(
    Call& call, ListQuery query) {
  co_await asio::this_coro::throw_if_cancelled(false);
  absl::StatusOr<std::shared_ptr<const FetchedPage>> page = co_await inner_.List(call, query);
  if (page.ok()) {
    budget_.OnSuccess();
    co_return page;
  }
  Attempts attempts = FirstAttempt();
  while (!page.ok()) {
    absl::Status failure = page.status();
    const bool again =
        co_await WaitForNext(call, Operation::kList, WriteEffect::kNone, attempts, failure);
    if (!again) co_return failure;
    page = co_await inner_.List(call, query);
  }
  co_return page;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> RetryingApi::Get(
    Call& call, std::string id) {
  co_await asio::this_coro::throw_if_cancelled(false);
  absl::StatusOr<std::shared_ptr<const FetchedGroup>> group = co_await inner_.Get(call, id);
  if (group.ok()) {
    budget_.OnSuccess();
    co_return group;
  }
  Attempts attempts = FirstAttempt();
  while (!group.ok()) {
    absl::Status failure = group.status();
    const bool again =
        co_await WaitForNext(call, Operation::kGet, WriteEffect::kNone, attempts, failure);
    if (!again) co_return failure;
    group = co_await inner_.Get(call, id);
  }
  co_return group;
}

asio::awaitable<WriteResult> RetryingApi::Edit(Call& call, std::string id, GroupEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  WriteResult result = co_await inner_.Edit(call, id, edit);
  Attempts attempts = FirstAttempt();
  while (!result.status.ok()) {
    const bool again =
        co_await WaitForNext(call, Operation::kEdit, result.effect, attempts, result.status);
    if (!again) co_return result;
    result = co_await inner_.Edit(call, id, edit);
  }
  budget_.OnSuccess();
  co_return result;
}

asio::awaitable<WriteResult> RetryingApi::EditSlot(Call& call, std::string id, int path_index,
                                                   SlotEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  WriteResult result = co_await inner_.EditSlot(call, id, path_index, edit);
  Attempts attempts = FirstAttempt();
  while (!result.status.ok()) {
    const bool again =
        co_await WaitForNext(call, Operation::kEditSlot, result.effect, attempts, result.status);
    if (!again) co_return result;
    result = co_await inner_.EditSlot(call, id, path_index, edit);
  }
  budget_.OnSuccess();
  co_return result;
}

asio::awaitable<CreateResult> RetryingApi::Create(Call& call, const v1::MutexGroup& group) {
  return inner_.Create(call, group);
}

asio::awaitable<bool> RetryingApi::WaitForNext(const Call& call, Operation operation,
                                               WriteEffect effect, Attempts& attempts,
                                               absl::Status& failure) {
  // Amplitude answered: what it refuses is no storm.
  if (!MayPass(failure)) {
    if (MetadataOf(failure, "http_status")) budget_.OnSuccess();
    co_return false;
  }
  if (!MayRepeat(operation, effect, failure)) co_return false;
  if (attempts.made >= options_.max_attempts) {
    co_return GiveUp(operation, RetryEnd::kAttempts, attempts, failure);
  }
  const absl::Duration wait =
      std::max(attempts.backoff.Next(), RetryDelayOf(failure).value_or(absl::ZeroDuration()));
  const absl::Duration left = absl::FromChrono(call.deadline - clock_.MonotonicNow());
  if (left < wait + kLeastAttemptTime) {
    co_return GiveUp(operation, RetryEnd::kDeadline, attempts, failure);
  }
  if (!budget_.Take()) co_return GiveUp(operation, RetryEnd::kBudget, attempts, failure);
  observer_.OnRetry(operation, wait);
  ++attempts.made;
  const bool elapsed = co_await clock_.Sleep(wait);
  if (!elapsed) failure = absl::CancelledError();
  co_return elapsed;
}

bool RetryingApi::GiveUp(Operation operation, RetryEnd why, const Attempts& attempts,
                         absl::Status& failure) {
  observer_.OnRetriesEnded(operation, why);
  failure = WithMessage(
      failure, absl::StrCat(failure.message(), "; given up after ", attempts.made,
                            attempts.made == 1 ? " attempt" : " attempts", ": ", Explain(why)));
  return false;
}

}  // namespace mutexd::amplitude
