#include "service/amplitude/circuit_api.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/amplitude/result_status.h"
#include "service/amplitude/retry_rules.h"

namespace mutexd::amplitude {
namespace {

Circuit::Result ResultOf(const absl::Status& status) {
  if (status.ok()) return Circuit::Result::kReached;
  if (IsOutage(status)) return Circuit::Result::kOutage;
  // A 500 tells neither that Amplitude is there for others nor that it is not.
  const bool answered = MetadataOf(status, "http_status").has_value();
  return answered && !absl::IsUnavailable(status) ? Circuit::Result::kReached
                                                  : Circuit::Result::kNeither;
}

// Reports a request's result exactly once, also when its coroutine is destroyed.
class Report {
 public:
  Report(std::shared_ptr<Circuit> circuit, Circuit::Admission admission)
      : circuit_(std::move(circuit)), admission_(admission) {}
  ~Report() {
    if (!done_) circuit_->Report(admission_, Circuit::Result::kNeither);
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void Done(const absl::Status& status) {
    done_ = true;
    const Circuit::Result result = ResultOf(status);
    if (result == Circuit::Result::kOutage) circuit_->KeepLastFailure(status);
    circuit_->Report(admission_, result);
  }

 private:
  const std::shared_ptr<Circuit> circuit_;
  const Circuit::Admission admission_;
  bool done_ = false;
};

}  // namespace

// `make_request` gives the awaitable of the request.
template <typename Result, typename MakeRequest>
asio::awaitable<Result> CircuitApi::Guard(Operation operation, MakeRequest make_request) {
  const std::optional<Circuit::Admission> admission = circuit_->Admit();
  if (!admission) co_return Failed<Result>(Refusal(operation));
  Report report(circuit_, *admission);
  Result result = co_await make_request();
  report.Done(StatusOf(result));
  co_return result;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> CircuitApi::List(
    Call& call, ListQuery query) {
  return Guard<absl::StatusOr<std::shared_ptr<const FetchedPage>>>(
      Operation::kList, [this, &call, query = std::move(query)]() mutable {
        return inner_.List(call, std::move(query));
      });
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> CircuitApi::Get(
    Call& call, std::string id) {
  return Guard<absl::StatusOr<std::shared_ptr<const FetchedGroup>>>(
      Operation::kGet,
      [this, &call, id = std::move(id)]() mutable { return inner_.Get(call, std::move(id)); });
}

asio::awaitable<WriteResult> CircuitApi::Edit(Call& call, std::string id, GroupEdit edit) {
  return Guard<WriteResult>(Operation::kEdit,
                            [this, &call, id = std::move(id), edit = std::move(edit)]() mutable {
                              return inner_.Edit(call, std::move(id), std::move(edit));
                            });
}

asio::awaitable<WriteResult> CircuitApi::EditSlot(Call& call, std::string id, int path_index,
                                                  SlotEdit edit) {
  return Guard<WriteResult>(Operation::kEditSlot, [this, &call, id = std::move(id), path_index,
                                                   edit = std::move(edit)]() mutable {
    return inner_.EditSlot(call, std::move(id), path_index, std::move(edit));
  });
}

asio::awaitable<CreateResult> CircuitApi::Create(Call& call, const v1::MutexGroup& group) {
  return Guard<CreateResult>(Operation::kCreate,
                             [this, &call, &group] { return inner_.Create(call, group); });
}

absl::Status CircuitApi::Refusal(Operation operation) {
  observer_.OnCircuitRefused(operation);
  const absl::Duration wait = std::max(circuit_->TimeToProbe(), absl::Milliseconds(1));
  // The last failure with another message: it may carry an http_status.
  absl::Status status = WithMessage(
      circuit_->last_failure(),
      absl::StrCat("nothing was sent: Amplitude has been failing for ",
                   absl::ToInt64Seconds(circuit_->OutageAge()), " s and is asked again in ",
                   absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(1))),
                   "; the last failure: ", circuit_->last_failure().message()));
  SetMetadata(status, kCircuitMetadata, kCircuitOpen);
  SetRetryDelay(status, wait);
  return status;
}

}  // namespace mutexd::amplitude
