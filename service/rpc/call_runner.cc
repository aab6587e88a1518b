#include "service/rpc/call_runner.h"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "service/amplitude/error.h"
#include "service/groups/create.h"
#include "service/rpc/access_control.h"
#include "service/rpc/deadline_budget.h"
#include "service/rpc/rpc_id.h"
#include "service/rpc/status_details.h"
#include "service/rpc/trace_context.h"
#include "service/rpc/write_request.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

// Deadlines further off than this are as good as none, and clocks could not represent all of them.
constexpr absl::Duration kLongestTimeLeft = absl::Hours(24);

enum class EndedBy { kWork, kDeadline, kClient, kDrain, kOverload };

// Answers that leave together. The first waits for the last to be written, by some 10 us each.
constexpr std::size_t kLargestBatch = 64;

// When a caller that was too much should come back.
constexpr absl::Duration kOverloadDelay = absl::Seconds(1);

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

// The service gave the call up, for the reason that `why` says.
absl::Status GivenUp(absl::string_view why, const amplitude::Call& call) {
  if (call.write_accepted) {
    return amplitude::MakeError(absl::StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE,
                                absl::StrCat("Amplitude accepted the write, but ", why,
                                             " before the group was seen to be changed; read the "
                                             "group before writing again"),
                                {{"accepted_by_amplitude", "true"}});
  }
  if (call.write_sent) {
    return amplitude::MakeError(absl::StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN,
                                absl::StrCat(why,
                                             " before the write's outcome was known; read "
                                             "the group before writing again"));
  }
  return amplitude::MakeError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_SHUTTING_DOWN,
                              absl::StrCat(why, "; no write has been sent to Amplitude"));
}

absl::Status Overloaded() {
  absl::Status status =
      amplitude::MakeError(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_OVERLOADED,
                           "the service has as many calls under way as it takes; nothing has been "
                           "sent to Amplitude");
  amplitude::SetRetryDelay(status, kOverloadDelay);
  return status;
}

absl::Status UnreadableRequest(absl::string_view method) {
  return amplitude::MakeError(
      absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST,
      absl::StrCat("the request is not a ", method,
                   "Request: it is malformed, or a text in it is not valid UTF-8"));
}

// The status of a call whose work was cut short for this reason. Work that ended for none of them
// threw, or lost its transport or its event loop.
absl::Status CutShort(EndedBy ended_by, const amplitude::Call& call) {
  switch (ended_by) {
    case EndedBy::kDeadline:
      return groups::NameCreate(DeadlineExceeded(call), call);
    case EndedBy::kClient:
      return absl::CancelledError("the caller cancelled the call");
    case EndedBy::kDrain:
      return groups::NameCreate(GivenUp("the service shut down", call), call);
    case EndedBy::kOverload:
      return Overloaded();
    case EndedBy::kWork:
      break;
  }
  return groups::NameCreate(GivenUp("the service lost the call", call), call);
}

}  // namespace

class RunningCall {
 public:
  RunningCall(IncomingCall incoming, CallRunner::Finish finish)
      : incoming_(std::move(incoming)), finish_(std::move(finish)) {
    call_.rpc_id = RpcId(incoming_.request_id);
    call_.method = std::string(incoming_.method->name);
    call_.caller = incoming_.caller.Name();
    call_.share = call_.caller.empty() ? incoming_.peer : call_.caller;
    call_.is_write = incoming_.method->is_write();
    call_.requests_needed = incoming_.method->requests_needed;
  }

  // Cuts the work short; the first reason counts.
  void Stop(EndedBy reason) {
    if (ended_by_ != EndedBy::kWork || finish_ == nullptr) return;
    ended_by_ = reason;
    stop_work_.emit(asio::cancellation_type::terminal);
  }

 private:
  friend class CallRunner;
  friend class CallRunner::Obligation;

  // Whether something changes if it goes well.
  bool AttemptsWrite() const {
    return call_.is_write && (incoming_.request == nullptr || !IsValidateOnly(*incoming_.request));
  }

  std::string ChangedGroup() const {
    if (!call_.is_write || incoming_.request == nullptr) return {};
    return call_.created_group_id.empty() ? MutexGroupIdOf(*incoming_.request)
                                          : call_.created_group_id;
  }

  void Finish(Outcome outcome) { std::exchange(finish_, nullptr)(std::move(outcome)); }

  IncomingCall incoming_;
  CallRunner::Finish finish_;  // null once it has been called
  // Set while the runner knows the call.
  CallRunner* runner_ = nullptr;
  amplitude::Call call_;
  amplitude::MonotonicTime arrived_;
  absl::Duration time_left_;  // the caller's, on arrival
  EndedBy ended_by_ = EndedBy::kWork;
  asio::cancellation_signal stop_work_;
  asio::cancellation_signal stop_deadline_;
};

// The duty to finish a call. An RPC cannot leak: dropping this, whatever was thrown or forgotten,
// finishes the call.
class CallRunner::Obligation {
 public:
  explicit Obligation(std::shared_ptr<RunningCall> call) : call_(std::move(call)) {}
  Obligation(Obligation&&) = default;
  Obligation& operator=(Obligation&&) = delete;

  ~Obligation() {
    if (call_ == nullptr || call_->finish_ == nullptr) return;
    absl::Status status = CutShort(call_->ended_by_, call_->call_);
    if (call_->runner_ != nullptr) {
      call_->runner_->Finished(*call_, std::move(status), {});
    } else {
      const std::string& rpc_id = call_->call_.rpc_id;
      call_->Finish({.rpc_id = rpc_id, .status = ToWire(status, rpc_id)});
    }
  }

  const std::shared_ptr<RunningCall>& call() const { return call_; }

 private:
  std::shared_ptr<RunningCall> call_;
};

CallRunner::CallRunner(asio::any_io_executor loop, groups::Gateway& gateway, RpcObserver* observer,
                       Options options)
    : loop_(std::move(loop)), gateway_(gateway), observer_(observer), options_(options) {}

CallRunner::~CallRunner() {
  for (Answered& answered : std::exchange(being_kept_, {})) answers_.push_back(std::move(answered));
  GiveAnswers();
  for (RunningCall* call : running_) call->runner_ = nullptr;
}

bool CallRunner::wants_caller_keys() const {
  return options_.access != nullptr && options_.access->wants_caller_keys();
}

std::shared_ptr<RunningCall> CallRunner::Start(IncomingCall call, Finish finish) {
  auto running = std::make_shared<RunningCall>(std::move(call), std::move(finish));
  // The deadline counts from the arrival, not from when the loop has time.
  running->arrived_ = gateway_.clock.MonotonicNow();
  running->time_left_ =
      std::min(running->incoming_.time_left.value_or(options_.default_deadline), kLongestTimeLeft);
  running->call_.deadline =
      running->arrived_ + absl::ToChronoNanoseconds(WorkTime(running->time_left_));
  asio::dispatch(
      loop_, [this, obligation = Obligation(running)]() mutable { Begin(std::move(obligation)); });
  return running;
}

void CallRunner::Begin(Obligation obligation) {
  const std::shared_ptr<RunningCall> call = obligation.call();
  call->runner_ = this;
  running_.insert(call.get());
  if (observer_ != nullptr) observer_->OnRpcStarted(call->call_.method);
  // What has ended before it began sends nothing; its obligation finishes it.
  if (draining_) {
    call->Stop(EndedBy::kDrain);
  } else if (running_.size() > options_.max_calls) {
    call->Stop(EndedBy::kOverload);
  } else if (gateway_.clock.MonotonicNow() >= call->call_.deadline) {
    call->Stop(EndedBy::kDeadline);
  }
  if (call->ended_by_ != EndedBy::kWork) return;
  absl::StatusOr<SharedBytes> reply = AnswerAtOnce(*call);
  if (!reply.ok() || *reply) {
    Finished(*call, reply.status(), std::move(reply).value_or(SharedBytes()));
    return;
  }

  const auto stop_watching = [call](const std::exception_ptr&) {
    call->stop_deadline_.emit(asio::cancellation_type::terminal);
  };
  asio::co_spawn(loop_, Run(std::move(obligation)),
                 asio::bind_cancellation_slot(call->stop_work_.slot(), stop_watching));
  if (call->finish_ == nullptr) return;  // without having to wait for anything
  asio::co_spawn(loop_, WatchDeadline(call),
                 asio::bind_cancellation_slot(call->stop_deadline_.slot(), asio::detached));
}

void CallRunner::CancelByClient(const std::shared_ptr<RunningCall>& call) {
  asio::dispatch(loop_, [call] { call->Stop(EndedBy::kClient); });
}

void CallRunner::EndDrain() {
  draining_ = true;
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

asio::awaitable<void> CallRunner::Run(Obligation obligation) {
  co_await asio::this_coro::throw_if_cancelled(false);
  RunningCall& call = *obligation.call();
  absl::StatusOr<SharedBytes> reply = co_await Work(call);
  absl::Status status = reply.status();
  if (absl::IsCancelled(status)) status = CutShort(call.ended_by_, call.call_);
  Finished(call, std::move(status), std::move(reply).value_or(SharedBytes()));
}

absl::StatusOr<SharedBytes> CallRunner::AnswerAtOnce(RunningCall& call) {
  const RpcMethod& method = *call.incoming_.method;
  if (options_.access != nullptr) {
    absl::Status admitted = options_.access->Admit(call.incoming_, call.call_);
    if (!admitted.ok()) return admitted;
  }
  if (call.incoming_.request == nullptr) return UnreadableRequest(method.name);
  const Violations violations = method.validate(*call.incoming_.request);
  if (!violations.empty()) return amplitude::InvalidRequest(violations);
  if (!method.known) return SharedBytes();
  return method.known(gateway_, call.call_, *call.incoming_.request);
}

// Of a call that has been found good.
asio::awaitable<absl::StatusOr<SharedBytes>> CallRunner::Work(RunningCall& call) {
  const RpcMethod& method = *call.incoming_.method;
  if (method.is_write() && options_.trail != nullptr) {
    absl::Status prepared = co_await options_.trail->Prepare();
    if (!prepared.ok()) co_return prepared;
  }
  co_return co_await method.run(gateway_, call.call_, *call.incoming_.request);
}

void CallRunner::Finished(RunningCall& call, absl::Status status, SharedBytes reply) {
  running_.erase(&call);
  call.runner_ = nullptr;
  const absl::Duration spent = absl::FromChrono(gateway_.clock.MonotonicNow() - call.arrived_);
  TraceContext trace = ParseTraceparent(call.incoming_.traceparent).value_or(TraceContext());
  RpcReport report{.method = call.incoming_.method->name,
                   .rpc_id = call.call_.rpc_id,
                   .caller = call.call_.caller,
                   .peer = call.incoming_.peer,
                   .user_agent = call.incoming_.user_agent,
                   .trace_id = std::move(trace.trace_id),
                   .span_id = std::move(trace.span_id),
                   .attempts_write = call.AttemptsWrite(),
                   .mutex_group_id = call.ChangedGroup(),
                   .status = status,
                   .duration = spent,
                   .request_bytes = call.incoming_.request_bytes,
                   .response_bytes = reply.size(),
                   .http_status = call.call_.http_status,
                   .write_sent = call.call_.write_sent};
  Outcome outcome{.rpc_id = call.call_.rpc_id, .reply = std::move(reply)};
  if (!status.ok()) {
    outcome.status = ToWire(status, call.call_.rpc_id);
    outcome.pushback = RetryPushback(status, call.time_left_ - spent);
  }
  Answered answered{std::exchange(call.finish_, nullptr), std::move(outcome)};
  if (options_.trail != nullptr && report.attempts_write) {
    KeepRecord(call, std::move(report), std::move(answered));
    return;
  }
  Answer(std::move(answered));
  if (observer_ != nullptr) observer_->OnRpcFinished(report);
}

// The caller hears of it when the record is kept, so that nobody acts on a change of which nothing
// would be known after a crash.
void CallRunner::KeepRecord(const RunningCall& call, RpcReport report, Answered answered) {
  WriteRecord record{.time = gateway_.clock.Now(),
                     .report = report,
                     .request = call.incoming_.request,
                     .before = call.call_.group_before,
                     .after = call.call_.group_after};
  being_kept_.push_front(std::move(answered));
  const auto place = being_kept_.begin();
  options_.trail->Keep(std::move(record), [this, place, report = std::move(report),
                                           arrived = call.arrived_]() mutable {
    Answer(std::move(*place));
    being_kept_.erase(place);
    report.duration = absl::FromChrono(gateway_.clock.MonotonicNow() - arrived);
    if (observer_ != nullptr) observer_->OnRpcFinished(report);
  });
}

// Answers that come about together go out together: each may wake a thread of gRPC, which finds
// more to do the more of them there are.
void CallRunner::Answer(Answered answered) {
  answers_.push_back(std::move(answered));
  if (answers_.size() > 1) return;
  asio::post(loop_, [this] { GiveAnswers(); });
}

void CallRunner::GiveAnswers() {
  std::vector<Answered> answers = std::exchange(answers_, {});
  const absl::Span<Answered> all = absl::MakeSpan(answers);
  for (std::size_t begin = 0; begin < all.size(); begin += kLargestBatch) {
    ReplyBatch batch;
    for (Answered& answer : all.subspan(begin, kLargestBatch)) {
      if (all.size() > 1) answer.outcome.batch = &batch;
      answer.finish(std::move(answer.outcome));
    }
  }
}

}  // namespace mutexd::rpc
