#include "service/amplitude/quota_api.h"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <utility>

#include "service/amplitude/quota_turn.h"

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

CreateResult NotCreated(const absl::Status& status) {
  CreateResult result;
  result.status = status;
  return result;
}

}  // namespace

QuotaApi::QuotaApi(AmplitudeApi& inner, KeySource& keys, QuotaBook& book)
    : inner_(inner), keys_(keys), book_(book) {
  // So that what is left is known before the first request.
  if (const auto key = keys_.CurrentKey(); key.ok()) book_.Of(**key);
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> QuotaApi::List(
    Call& call, ListQuery query) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto key = CredentialOf(call, keys_);
  if (!key.ok()) co_return key.status();
  QuotaTurn turn(book_.Of(**key), call, (*key)->from_caller);
  if (turn.must_wait()) co_await turn.Wait();
  if (!turn.status().ok()) co_return turn.status();
  const int asked = query.limit;
  auto page = co_await inner_.List(call, std::move(query));
  turn.Heed(page.status());
  if (page.ok()) turn.CountMore(RequestsMade(asked, (*page)->limit) - 1);
  co_return page;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> QuotaApi::Get(Call& call,
                                                                                   std::string id) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto key = CredentialOf(call, keys_);
  if (!key.ok()) co_return key.status();
  QuotaTurn turn(book_.Of(**key), call, (*key)->from_caller);
  if (turn.must_wait()) co_await turn.Wait();
  if (!turn.status().ok()) co_return turn.status();
  auto group = co_await inner_.Get(call, std::move(id));
  turn.Heed(group.status());
  co_return group;
}

std::shared_ptr<const FetchedGroup> QuotaApi::Known(const Call& call, const std::string& id) {
  return inner_.Known(call, id);
}

asio::awaitable<WriteResult> QuotaApi::Edit(Call& call, std::string id, GroupEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto key = CredentialOf(call, keys_);
  if (!key.ok()) co_return WriteResult{WriteEffect::kNone, key.status()};
  QuotaTurn turn(book_.Of(**key), call, (*key)->from_caller);
  if (turn.must_wait()) co_await turn.Wait();
  if (!turn.status().ok()) co_return WriteResult{WriteEffect::kNone, turn.status()};
  WriteResult result = co_await inner_.Edit(call, std::move(id), std::move(edit));
  turn.Heed(result.status);
  co_return result;
}

asio::awaitable<WriteResult> QuotaApi::EditSlot(Call& call, std::string id, int path_index,
                                                SlotEdit edit) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto key = CredentialOf(call, keys_);
  if (!key.ok()) co_return WriteResult{WriteEffect::kNone, key.status()};
  QuotaTurn turn(book_.Of(**key), call, (*key)->from_caller);
  if (turn.must_wait()) co_await turn.Wait();
  if (!turn.status().ok()) co_return WriteResult{WriteEffect::kNone, turn.status()};
  WriteResult result = co_await inner_.EditSlot(call, std::move(id), path_index, std::move(edit));
  turn.Heed(result.status);
  co_return result;
}

asio::awaitable<CreateResult> QuotaApi::Create(Call& call, const v1::MutexGroup& group) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto key = CredentialOf(call, keys_);
  if (!key.ok()) co_return NotCreated(key.status());
  QuotaTurn turn(book_.Of(**key), call, (*key)->from_caller);
  if (turn.must_wait()) co_await turn.Wait();
  if (!turn.status().ok()) co_return NotCreated(turn.status());
  CreateResult result = co_await inner_.Create(call, group);
  turn.Heed(result.status);
  co_return result;
}

}  // namespace mutexd::amplitude
