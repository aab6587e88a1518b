#include "service/amplitude/key_renewal_api.h"

#include <asio/this_coro.hpp>

#include <utility>

#include "service/amplitude/error.h"
#include "service/amplitude/result_status.h"

namespace mutexd::amplitude {
namespace {

// A key may change twice while a request is under way, but hardly three times.
constexpr int kMostAttempts = 3;

bool SaysThatKeyIsRejected(const absl::Status& status) {
  return ReasonOf(status) == v1::ERROR_REASON_AMPLITUDE_KEY_REJECTED;
}

}  // namespace

// `make_request` gives the awaitable of one attempt.
template <typename Result, typename MakeRequest>
asio::awaitable<Result> KeyRenewalApi::WithRenewal(const Call& call, MakeRequest make_request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (int attempt = 1;; ++attempt) {
    const auto key = CredentialOf(call, keys_);
    Result result = co_await make_request();
    if (!SaysThatKeyIsRejected(StatusOf(result)) || attempt == kMostAttempts) co_return result;
    if (!key.ok() || (*key)->from_caller) co_return result;
    // It may have changed while the request was under way.
    if (!HasOtherThan(**key)) co_await keys_.Renew(workers_);
    if (!HasOtherThan(**key)) co_return result;
  }
}

bool KeyRenewalApi::HasOtherThan(const Credential& rejected) {
  const auto key = keys_.CurrentKey();
  return key.ok() && (*key)->management_key != rejected.management_key;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> KeyRenewalApi::List(
    Call& call, ListQuery query) {
  return WithRenewal<absl::StatusOr<std::shared_ptr<const FetchedPage>>>(
      call, [this, &call, query = std::move(query)] { return inner_.List(call, query); });
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> KeyRenewalApi::Get(
    Call& call, std::string id) {
  return WithRenewal<absl::StatusOr<std::shared_ptr<const FetchedGroup>>>(
      call, [this, &call, id = std::move(id)] { return inner_.Get(call, id); });
}

asio::awaitable<WriteResult> KeyRenewalApi::Edit(Call& call, std::string id, GroupEdit edit) {
  return WithRenewal<WriteResult>(call, [this, &call, id = std::move(id), edit = std::move(edit)] {
    return inner_.Edit(call, id, edit);
  });
}

asio::awaitable<WriteResult> KeyRenewalApi::EditSlot(Call& call, std::string id, int path_index,
                                                     SlotEdit edit) {
  return WithRenewal<WriteResult>(
      call, [this, &call, id = std::move(id), path_index, edit = std::move(edit)] {
        return inner_.EditSlot(call, id, path_index, edit);
      });
}

asio::awaitable<CreateResult> KeyRenewalApi::Create(Call& call, const v1::MutexGroup& group) {
  return WithRenewal<CreateResult>(call,
                                   [this, &call, &group] { return inner_.Create(call, group); });
}

}  // namespace mutexd::amplitude
