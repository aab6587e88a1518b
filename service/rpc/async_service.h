// What gRPC's asynchronous interface asks of a service, and how its operations end.
//
// Not the callback interface: that has threads of its own, at least two, which take turns in
// waiting for sockets and wake each other for every call. With one thread on one completion queue a
// lone call costs half as much.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "service/rpc/peer_sockets.h"

namespace mutexd::rpc {

// Counts the calls that have arrived and still need their queue.
class CallsUnderWay {
 public:
  // One call, from its arrival to the end of its object.
  class Member {
   public:
    explicit Member(CallsUnderWay& calls) : calls_(calls) {
      const std::lock_guard lock(calls_.mutex_);
      ++calls_.count_;
    }
    ~Member() {
      const std::lock_guard lock(calls_.mutex_);
      if (--calls_.count_ == 0) calls_.none_.notify_all();
    }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   private:
    CallsUnderWay& calls_;
  };

  void WaitForNone() {
    std::unique_lock lock(mutex_);
    while (count_ > 0) none_.wait(lock);
  }
  void WaitForNone(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    while (count_ > 0 && none_.wait_until(lock, until) != std::cv_status::timeout) {
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Where calls come from. gRPC crashes when a call is answered whose queue has been shut down, which
// a server's end does not wait for: hence the count.
struct CallSource {
  grpc::ServerCompletionQueue& queue;
  CallsUnderWay& calls;
  const PeerSockets& sockets;
};

class AsyncService {
 public:
  virtual ~AsyncService() = default;

  // To be registered with the server.
  virtual grpc::Service& service() = 0;

  // The server has started: asks for calls. Tags are AsyncOperations. `source` outlives the calls.
  virtual void Serve(CallSource& source) = 0;
};

// One kind of operation of a call: begun with gRPC, and done some time later on a thread of the
// completion queue. Part of the call's object, and begun anew only after its end.
class AsyncOperation {
 public:
  // `done` is told whether it went well.
  explicit AsyncOperation(std::function<void(bool ok)> done) : done_(std::move(done)) {}

  // The tag for gRPC. Keeps `call` until the operation is done.
  void* Begin(std::shared_ptr<void> call) {
    call_ = std::move(call);
    return this;
  }

  // gRPC will not hand back the tag.
  void Forget() { call_.reset(); }

  // `tag` has come back from the completion queue.
  static void Done(void* tag, bool ok) {
    auto* operation = static_cast<AsyncOperation*>(tag);
    const std::shared_ptr<void> call = std::move(operation->call_);
    operation->done_(ok);
  }

 private:
  const std::function<void(bool ok)> done_;
  std::shared_ptr<void> call_;
};

// One call, or the readiness for one. Made by make_shared; it lives as long as an operation of it
// is under way.
class AsyncCall : public std::enable_shared_from_this<AsyncCall> {
 public:
  virtual ~AsyncCall() = default;
  AsyncCall(const AsyncCall&) = delete;
  AsyncCall& operator=(const AsyncCall&) = delete;

 protected:
  explicit AsyncCall(CallSource& source) : source_(source) {}

  // The tag with which gRPC is asked for the call.
  void* ArrivalTag() { return arrival_.Begin(shared_from_this()); }
  // The tag of what ends the call.
  void* EndTag() { return end_.Begin(shared_from_this()); }
  // Before gRPC is asked for the call: has OnOver called.
  void WatchForEnd() { context_.AsyncNotifyWhenDone(over_.Begin(shared_from_this())); }

  // Makes another one ready like this, which is no longer.
  virtual void AwaitAnother() = 0;
  // The call has arrived.
  virtual void OnArrived() = 0;
  // It is over, for whatever reason.
  virtual void OnOver() {}

  CallSource& source_;

 private:
  void Arrive(bool ok) {
    if (!ok) {  // the server shuts down
      over_.Forget();
      return;
    }
    under_way_.emplace(source_.calls);
    OnArrived();
    AwaitAnother();  // afterwards: gRPC has others ready
  }

  std::optional<CallsUnderWay::Member> under_way_;  // from the arrival on; goes last

 protected:
  grpc::ServerContext context_;

 private:
  AsyncOperation arrival_{[this](bool ok) { Arrive(ok); }};
  AsyncOperation over_{[this](bool) { OnOver(); }};
  AsyncOperation end_{[](bool) {}};
};

}  // namespace mutexd::rpc
