// Runs RPCs on the event loop: identity, validation, deadline, cancellation, errors.
//
// Knows nothing of gRPC: mutex_group_grpc_service.h hands calls over and gets the result
// by a callback, and so can a test that drives the whole core from several threads.
#pragma once

#include <google/protobuf/message.h>
#include <asio/any_io_executor.hpp>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "service/amplitude/clock.h"
#include "service/groups/gateway.h"
#include "service/rpc/caller_identity.h"
#include "service/rpc/methods.h"
#include "service/rpc/reply_batch.h"
#include "service/rpc/rpc_observer.h"
#include "service/rpc/write_trail.h"

namespace mutexd::rpc {

// What a call brings along.
struct IncomingCall {
  const RpcMethod* method = nullptr;  // of Methods()
  // Of the method's type; null when its bytes could not be read.
  std::shared_ptr<const google::protobuf::Message> request;
  std::optional<absl::Duration> time_left;  // until its deadline; absent: none
  std::string request_id;                   // metadata x-request-id; may be empty
  std::size_t request_bytes = 0;
  std::string peer;
  std::string user_agent;
  std::string traceparent;  // metadata traceparent; may be empty or no such thing
  CallerIdentity caller;
  bool confidential = false;  // nobody else reads along: metadata may hold secrets
  // Metadata x-amplitude-management-key; read only where wants_caller_keys. A secret.
  std::string management_key;
};

// What the caller gets.
struct Outcome {
  std::string rpc_id;                   // for the trailer x-request-id
  SharedBytes reply;                    // serialized; none unless `status` is OK
  google::rpc::Status status;           // code, clipped message, details
  std::optional<std::string> pushback;  // trailer grpc-retry-pushback-ms
  ReplyBatch* batch = nullptr;  // what it is given with, until `finish` returns; null: nothing
};

class AccessControl;

// A call under way, for CancelByClient. Holding on to it keeps nothing alive but itself.
class RunningCall;

class CallRunner {
 public:
  struct Options {
    absl::Duration default_deadline = absl::Seconds(20);  // of calls without one
    // Over so many under way, calls end at once with RESOURCE_EXHAUSTED/OVERLOADED.
    std::size_t max_calls = 10'000;
    const AccessControl* access = nullptr;  // null: everybody may do everything
    WriteTrail* trail = nullptr;            // keeps a record of every write before it is answered
  };
  using Finish = std::function<void(Outcome)>;

  // `observer` may be null. All references must outlive the runner, and the loop must not run any
  // more when it is destroyed.
  CallRunner(asio::any_io_executor loop, groups::Gateway& gateway, RpcObserver* observer,
             Options options);
  ~CallRunner();

  // Any thread. Whether calls are to bring their callers' management keys.
  bool wants_caller_keys() const;

  // Any thread. `finish` is called exactly once, on the event loop, maybe before this returns: also
  // when the work throws, or is dropped together with the loop (then by whoever destroys the loop).
  std::shared_ptr<RunningCall> Start(IncomingCall call, Finish finish);

  // Any thread. The caller has gone: the work stops and the outcome no longer matters.
  void CancelByClient(const std::shared_ptr<RunningCall>& call);

  // On the event loop. The drain begins: calls that arrive from now on end at once with
  // UNAVAILABLE/SHUTTING_DOWN, those under way go on.
  void BeginDrain() { draining_ = true; }

  // On the event loop. The drain is over: every call still under way ends now, with
  // UNKNOWN/WRITE_OUTCOME_UNKNOWN where a write was sent, with UNAVAILABLE/SHUTTING_DOWN otherwise;
  // so do calls that arrive later.
  void EndDrain();

  // On the event loop. How many calls are under way, or have an answer that is not given yet.
  std::size_t calls_under_way() const {
    return running_.size() + being_kept_.size() + answers_.size();
  }

 private:
  friend class RunningCall;
  class Obligation;

  struct Answered {
    Finish finish;
    Outcome outcome;
  };

  void Begin(Obligation obligation);
  asio::awaitable<void> Run(Obligation obligation);
  asio::awaitable<absl::StatusOr<SharedBytes>> Work(RunningCall& call);
  // The reply as far as nothing has to be waited for; none when there is more to do.
  absl::StatusOr<SharedBytes> AnswerAtOnce(RunningCall& call);
  asio::awaitable<void> WatchDeadline(std::shared_ptr<RunningCall> call);
  void Finished(RunningCall& call, absl::Status status, SharedBytes reply);
  void KeepRecord(const RunningCall& call, RpcReport report, Answered answered);
  void Answer(Answered answered);
  void GiveAnswers();

  const asio::any_io_executor loop_;
  groups::Gateway& gateway_;
  RpcObserver* observer_;
  Options options_;
  bool draining_ = false;
  std::unordered_set<RunningCall*> running_;
  std::list<Answered> being_kept_;  // those whose record the trail is keeping
  std::vector<Answered> answers_;   // given by a handler that is posted with the first
};

}  // namespace mutexd::rpc
