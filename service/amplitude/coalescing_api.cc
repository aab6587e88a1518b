#include "service/amplitude/coalescing_api.h"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace mutexd::amplitude {

CoalescingApi::CoalescingApi(AmplitudeApi& inner, KeySource& keys, const OwnWrites& own_writes,
                             PolicyObserver& observer)
    : inner_(inner), keys_(keys), own_writes_(own_writes), observer_(observer) {}

std::optional<Question> CoalescingApi::QuestionOf(const Call& call) const {
  if (call.is_write) return std::nullopt;
  const auto credential = CredentialOf(call, keys_);
  if (!credential.ok()) return std::nullopt;  // the error is for the client to make
  return Question{.credential = Fingerprint(**credential), .position = own_writes_.position()};
}

asio::awaitable<CoalescingApi::PageAnswer> CoalescingApi::List(Call& call, ListQuery query) {
  std::optional<Question> question = QuestionOf(call);
  if (!question) return inner_.List(call, std::move(query));
  question->limit = query.limit;
  question->name = std::move(query.cursor);
  return Share(call, pages_, *std::move(question), Operation::kList,
               [](AmplitudeApi& inner, Flights<PageAnswer>::Flight& flight) {
                 return inner.List(flight.call, ListQuery{.limit = flight.question.limit,
                                                          .cursor = flight.question.name});
               });
}

asio::awaitable<CoalescingApi::GroupAnswer> CoalescingApi::Get(Call& call, std::string id) {
  std::optional<Question> question = QuestionOf(call);
  if (!question) return inner_.Get(call, std::move(id));
  question->name = std::move(id);
  return Share(call, groups_, *std::move(question), Operation::kGet,
               [](AmplitudeApi& inner, Flights<GroupAnswer>::Flight& flight) {
                 return inner.Get(flight.call, flight.question.name);
               });
}

template <typename Answer, typename Ask>
asio::awaitable<Answer> CoalescingApi::Share(Call& call, Flights<Answer>& flights,
                                             Question question, Operation operation, Ask ask) {
  using Flight = typename Flights<Answer>::Flight;
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return absl::CancelledError();

  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto [flight, is_new] = flights.Board(std::move(question), call, executor);
  {
    const typename Flight::Passenger passenger(*flight);
    if (is_new) {
      // When the request throws, everybody's answer is that of a call that was lost.
      auto land = [flight = flight](const std::exception_ptr& thrown, Answer answer) {
        flight->Land(thrown ? Answer(absl::CancelledError()) : std::move(answer));
      };
      asio::co_spawn(executor, ask(inner_, *flight),
                     asio::bind_cancellation_slot(flight->stop.slot(), std::move(land)));
    } else {
      observer_.OnJoined(operation);
    }
    asio::error_code ignored;
    if (!flight->landed()) {
      co_await flight->landing.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }
  if (flight->call.http_status != 0) call.http_status = flight->call.http_status;
  flight->StopIfEmpty();
  // Also when the answer came while the cancellation was on its way: a call whose deadline is over
  // must not end with the error of a request that had no longer.
  state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return absl::CancelledError();
  co_return flight->answer;
}

std::shared_ptr<const FetchedGroup> CoalescingApi::Known(const Call& call, const std::string& id) {
  return inner_.Known(call, id);
}

asio::awaitable<WriteResult> CoalescingApi::Edit(Call& call, std::string id, GroupEdit edit) {
  return inner_.Edit(call, std::move(id), std::move(edit));
}

asio::awaitable<WriteResult> CoalescingApi::EditSlot(Call& call, std::string id, int path_index,
                                                     SlotEdit edit) {
  return inner_.EditSlot(call, std::move(id), path_index, std::move(edit));
}

asio::awaitable<CreateResult> CoalescingApi::Create(Call& call, const v1::MutexGroup& group) {
  return inner_.Create(call, group);
}

}  // namespace mutexd::amplitude
