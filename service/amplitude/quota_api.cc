#include "service/amplitude/quota_api.h"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <utility>

#include "service/amplitude/quota_turn.h"
#include "service/amplitude/result_status.h"

// No step of a request has a coroutine of its own: most need not wait, and those cost next to
// nothing.
namespace mutexd::amplitude {
namespace {

// How many requests the client made for a page: it halves the limit while the page is too large.
int RequestsMade(int asked, int served) {
  int requests = 1;
  for (int limit = std::min(asked, kMaxListLimit); limit > served; limit /= 2) ++requests;
  return requests;
}

// How many requests were made for a result besides the one that had the turn.
template <typename Result>
int FurtherRequests(int /*limit*/, const Result& /*result*/) {
  return 0;
}
int FurtherRequests(int limit, const absl::StatusOr<std::shared_ptr<const FetchedPage>>& page) {
  return page.ok() ? RequestsMade(limit, (*page)->limit) - 1 : 0;
}

}  // namespace

QuotaApi::QuotaApi(AmplitudeApi& inner, KeySource& keys, QuotaBook& book)
    : inner_(inner), keys_(keys), book_(book) {
  // So that what is left is known before the first request.
  if (const auto key = keys_.CurrentKey(); key.ok()) book_.Of(**key);
}

// `make_request` gives the awaitable of the request; `limit` is that of a page.
template <typename Result, typename MakeRequest>
asio::awaitable<Result> QuotaApi::InTurn(Call& call, int limit, MakeRequest make_request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto key = CredentialOf(call, keys_);
  if (!key.ok()) co_return Failed<Result>(key.status());
  QuotaTurn turn(book_.Of(**key), call, (*key)->from_caller);
  if (turn.must_wait()) co_await turn.Wait();
  if (!turn.status().ok()) co_return Failed<Result>(turn.status());
  Result result = co_await make_request();
  turn.Heed(StatusOf(result));
  turn.CountMore(FurtherRequests(limit, result));
  co_return result;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> QuotaApi::List(
    Call& call, ListQuery query) {
  const int limit = query.limit;
  return InTurn<absl::StatusOr<std::shared_ptr<const FetchedPage>>>(
      call, limit, [this, &call, query = std::move(query)]() mutable {
        return inner_.List(call, std::move(query));
      });
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> QuotaApi::Get(Call& call,
                                                                                   std::string id) {
  return InTurn<absl::StatusOr<std::shared_ptr<const FetchedGroup>>>(
      call, 0,
      [this, &call, id = std::move(id)]() mutable { return inner_.Get(call, std::move(id)); });
}

std::shared_ptr<const FetchedGroup> QuotaApi::Known(const Call& call, const std::string& id) {
  return inner_.Known(call, id);
}

asio::awaitable<WriteResult> QuotaApi::Edit(Call& call, std::string id, GroupEdit edit) {
  return InTurn<WriteResult>(call, 0,
                             [this, &call, id = std::move(id), edit = std::move(edit)]() mutable {
                               return inner_.Edit(call, std::move(id), std::move(edit));
                             });
}

asio::awaitable<WriteResult> QuotaApi::EditSlot(Call& call, std::string id, int path_index,
                                                SlotEdit edit) {
  return InTurn<WriteResult>(
      call, 0, [this, &call, id = std::move(id), path_index, edit = std::move(edit)]() mutable {
        return inner_.EditSlot(call, std::move(id), path_index, std::move(edit));
      });
}

asio::awaitable<CreateResult> QuotaApi::Create(Call& call, const v1::MutexGroup& group) {
  return InTurn<CreateResult>(call, 0,
                              [this, &call, &group] { return inner_.Create(call, group); });
}

}  // namespace mutexd::amplitude
