#include "service/rpc/call_runner.h"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/rpc/deadline_budget.h"
#include "service/rpc/rpc_id.h"
#include "service/rpc/status_details.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

enum class EndedBy { kWork, kDeadline, kClient, kDrain };

absl::Status DeadlineExceeded(const amplitude::Call& call) {
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kDeadlineExceeded, v1::ERROR_REASON_DEADLINE_EXCEEDED,
      call.write_sent
          ? "the deadline is near, and a write has been sent to Amplitude: it may have taken effect"
          : "the deadline is near; no write has been sent to Amplitude",
      {{"write_sent", call.write_sent ? "true" : "false"}});
  if (call.write_accepted) amplitude::SetMetadata(status, "accepted_by_amplitude", "true");
  return status;
}

absl::Status DrainEnded(const amplitude::Call& call) {
  if (call.write_sent) {
    return amplitude::MakeError(absl::StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN,
                                "the service stopped before the write's outcome was known; read "
                                "the group before writing again");
  }
  return amplitude::MakeError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_SHUTTING_DOWN,
                              "the service is shutting down; no write has been sent to Amplitude");
}

absl::Status UnreadableRequest(absl::string_view method) {
  return amplitude::MakeError(
      absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST,
      absl::StrCat("the request is not a ", method,
                   "Request: it is malformed, or a text in it is not valid UTF-8"));
}

// The status of a call whose work was cut short for this reason.
absl::Status CutShort(EndedBy ended_by, const amplitude::Call& call) {
  switch (ended_by) {
    case EndedBy::kDeadline:
      return DeadlineExceeded(call);
    case EndedBy::kDrain:
      return DrainEnded(call);
    case EndedBy::kClient:
    case EndedBy::kWork:
      break;
  }
  return absl::CancelledError("the caller cancelled the call");
}

}  // namespace

class RunningCall {
 public:
  RunningCall(IncomingCall incoming, CallRunner::Finish finish)
      : incoming_(std::move(incoming)), finish_(std::move(finish)) {
    call_.rpc_id = RpcId(incoming_.request_id);
    call_.method = std::string(incoming_.method->name);
    call_.is_write = incoming_.method->is_write;
  }

  // An RPC cannot leak: whatever was forgotten, the caller gets an answer.
  ~RunningCall() {
    if (finish_) {
      Finish({.rpc_id = call_.rpc_id, .status = ToWire(CutShort(ended_by_, call_), call_.rpc_id)});
    }
  }

  void Finish(Outcome outcome) { std::exchange(finish_, nullptr)(std::move(outcome)); }

  // Cuts the work short; the first reason counts.
  void Stop(EndedBy reason) {
    if (ended_by_ != EndedBy::kWork || work_done_) return;
    ended_by_ = reason;
    stop_work_.emit(asio::cancellation_type::terminal);
  }

 private:
  friend class CallRunner;

  IncomingCall incoming_;
  CallRunner::Finish finish_;
  amplitude::Call call_;
  amplitude::MonotonicTime arrived_;
  EndedBy ended_by_ = EndedBy::kWork;
  bool work_done_ = false;
  absl::Duration time_left_;  // the caller's, on arrival at the loop
  asio::cancellation_signal stop_work_;
  asio::cancellation_signal stop_deadline_;
};

CallRunner::CallRunner(asio::io_context& loop, groups::Gateway& gateway, RpcObserver* observer,
                       Options options)
    : loop_(loop), gateway_(gateway), observer_(observer), options_(options) {}

CallRunner::~CallRunner() = default;

std::shared_ptr<RunningCall> CallRunner::Start(IncomingCall call, Finish finish) {
  auto running = std::make_shared<RunningCall>(std::move(call), std::move(finish));
  // The deadline counts from the arrival, not from when the loop has time.
  running->arrived_ = gateway_.clock.MonotonicNow();
  running->time_left_ = running->incoming_.time_left.value_or(options_.default_deadline);
  running->call_.deadline =
      running->arrived_ + absl::ToChronoNanoseconds(WorkTime(running->time_left_));
  asio::post(loop_, [this, running] {
    running_.insert(running.get());
    if (observer_ != nullptr) observer_->OnRpcStarted(running->call_.method);
    asio::co_spawn(loop_, WatchDeadline(running),
                   asio::bind_cancellation_slot(running->stop_deadline_.slot(), asio::detached));
    asio::co_spawn(loop_, Run(running),
                   asio::bind_cancellation_slot(running->stop_work_.slot(), asio::detached));
    if (drain_ended_) running->Stop(EndedBy::kDrain);
  });
  return running;
}

void CallRunner::CancelByClient(const std::shared_ptr<RunningCall>& call) {
  asio::post(loop_, [call] { call->Stop(EndedBy::kClient); });
}

void CallRunner::EndDrain() {
  drain_ended_ = true;
  // Stopping a call may end it, and so change the set.
  const std::vector<RunningCall*> calls(running_.begin(), running_.end());
  for (RunningCall* call : calls) {
    if (running_.contains(call)) call->Stop(EndedBy::kDrain);
  }
}

asio::awaitable<void> CallRunner::WatchDeadline(std::shared_ptr<RunningCall> call) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const bool reached = co_await gateway_.clock.SleepUntil(call->call_.deadline);
  if (reached) call->Stop(EndedBy::kDeadline);
}

asio::awaitable<void> CallRunner::Run(std::shared_ptr<RunningCall> call) {
  co_await asio::this_coro::throw_if_cancelled(false);
  absl::StatusOr<MessagePtr> reply = co_await Work(*call);
  call->work_done_ = true;
  call->stop_deadline_.emit(asio::cancellation_type::terminal);
  absl::Status status = reply.status();
  if (absl::IsCancelled(status)) status = CutShort(call->ended_by_, call->call_);
  Finished(*call, std::move(status), reply.ok() ? *std::move(reply) : nullptr);
}

asio::awaitable<absl::StatusOr<MessagePtr>> CallRunner::Work(RunningCall& call) {
  const RpcMethod& method = *call.incoming_.method;
  if (call.incoming_.request == nullptr) co_return UnreadableRequest(method.name);
  const Violations violations = method.validate(*call.incoming_.request);
  if (!violations.empty()) co_return amplitude::InvalidRequest(violations);
  co_return co_await method.run(gateway_, call.call_, *call.incoming_.request);
}

void CallRunner::Finished(RunningCall& call, absl::Status status, MessagePtr reply) {
  running_.erase(&call);
  const absl::Duration spent = absl::FromChrono(gateway_.clock.MonotonicNow() - call.arrived_);
  RpcReport report{.method = call.incoming_.method->name,
                   .rpc_id = call.call_.rpc_id,
                   .caller = call.call_.caller,
                   .peer = call.incoming_.peer,
                   .user_agent = call.incoming_.user_agent,
                   .status = status,
                   .duration = spent,
                   .request_bytes = call.incoming_.request_bytes,
                   .response_bytes = reply == nullptr ? 0 : reply->ByteSizeLong(),
                   .http_status = call.call_.http_status,
                   .write_sent = call.call_.write_sent};
  Outcome outcome{.rpc_id = call.call_.rpc_id, .reply = std::move(reply)};
  if (!status.ok()) {
    outcome.status = ToWire(status, call.call_.rpc_id);
    outcome.pushback = RetryPushback(status, call.time_left_ - spent);
  }
  call.Finish(std::move(outcome));
  if (observer_ != nullptr) observer_->OnRpcFinished(report);
}

}  // namespace mutexd::rpc
