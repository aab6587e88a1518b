// Equal reads under way share one request to Amplitude.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/flights.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/own_writes.h"
#include "service/amplitude/policy_observer.h"

namespace mutexd::amplitude {

// Reads are equal when the same is asked with the same key. The request belongs to nobody: whoever
// is cancelled leaves at once, and the request is cancelled when the last one has left. Its
// deadline is the latest of those who have joined it. A read never joins one that was begun before
// an own write began or ended; the reads of writes join nothing.
//
// Lives on the event loop. All that it is given must outlive it; requests under way may outlive it,
// but must not run any more then.
class CoalescingApi final : public AmplitudeApi {
 public:
  CoalescingApi(AmplitudeApi& inner, KeySource& keys, const OwnWrites& own_writes,
                PolicyObserver& observer);

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
  using PageAnswer = absl::StatusOr<std::shared_ptr<const FetchedPage>>;
  using GroupAnswer = absl::StatusOr<std::shared_ptr<const FetchedGroup>>;

  // The question without its name and limit. Nothing for a call that shares no requests.
  std::optional<Question> QuestionOf(const Call& call) const;

  // Waits for the answer of a flight; a new one makes its request with `ask(inner, flight)`.
  template <typename Answer, typename Ask>
  asio::awaitable<Answer> Share(Call& call, Flights<Answer>& flights, Question question,
                                Operation operation, Ask ask);

  AmplitudeApi& inner_;
  KeySource& keys_;
  const OwnWrites& own_writes_;
  PolicyObserver& observer_;
  Flights<PageAnswer> pages_;
  Flights<GroupAnswer> groups_;
};

}  // namespace mutexd::amplitude
