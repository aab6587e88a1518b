#include "service/amplitude/circuit_api.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
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

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> CircuitApi::List(
    Call& call, ListQuery query) {
  const std::optional<Circuit::Admission> admission = circuit_->Admit();
  if (!admission) co_return Refusal(Operation::kList);
  Report report(circuit_, *admission);
  absl::StatusOr<std::shared_ptr<const FetchedPage>> page =
      co_await inner_.List(call, std::move(query));
  report.Done(page.status());
  co_return page;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> CircuitApi::Get(
    Call& call, std::string id) {
  const std::optional<Circuit::Admission> admission = circuit_->Admit();
  if (!admission) co_return Refusal(Operation::kGet);
  Report report(circuit_, *admission);
  absl::StatusOr<std::shared_ptr<const FetchedGroup>> group =
      co_await inner_.Get(call, std::move(id));
  report.Done(group.status());
  co_return group;
}

asio::awaitable<WriteResult> CircuitApi::Edit(Call& call, std::string id, GroupEdit edit) {
  const std::optional<Circuit::Admission> admission = circuit_->Admit();
  WriteResult result;
  if (!admission) {
    result.status = Refusal(Operation::kEdit);
    co_return result;
  }
  Report report(circuit_, *admission);
  result = co_await inner_.Edit(call, std::move(id), std::move(edit));
  report.Done(result.status);
  co_return result;
}

asio::awaitable<WriteResult> CircuitApi::EditSlot(Call& call, std::string id, int path_index,
                                                  SlotEdit edit) {
  const std::optional<Circuit::Admission> admission = circuit_->Admit();
  WriteResult result;
  if (!admission) {
    result.status = Refusal(Operation::kEditSlot);
    co_return result;
  }
  Report report(circuit_, *admission);
  result = co_await inner_.EditSlot(call, std::move(id), path_index, std::move(edit));
  report.Done(result.status);
  co_return result;
}

asio::awaitable<CreateResult> CircuitApi::Create(Call& call, const v1::MutexGroup& group) {
  const std::optional<Circuit::Admission> admission = circuit_->Admit();
  CreateResult result;
  if (!admission) {
    result.status = Refusal(Operation::kCreate);
    co_return result;
  }
  Report report(circuit_, *admission);
  result = co_await inner_.Create(call, group);
  report.Done(result.status);
  co_return result;
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
