#include "service/rpc/health_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"

namespace mutexd::rpc {
namespace {

namespace health = ::grpc::health::v1;
using ServingStatus = health::HealthCheckResponse::ServingStatus;

}  // namespace

class HealthService::Impl final : public AsyncService {
 public:
  explicit Impl(std::vector<std::string> service_names) : names_(std::move(service_names)) {
    names_.emplace_back();  // the server as a whole
  }

  grpc::Service& service() override { return generated_; }
  void Serve(CallSource& source) override {
    Check::Await(*this, source);
    Watch::Await(*this, source);
  }

  void SetServing(bool serving) {
    const std::lock_guard lock(mutex_);
    if (shut_down_) return;
    status_ =
        serving ? health::HealthCheckResponse::SERVING : health::HealthCheckResponse::NOT_SERVING;
    AdvanceAll();
  }

  void Shutdown() {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    status_ = health::HealthCheckResponse::NOT_SERVING;
    AdvanceAll();
  }

 private:
  class Check final : public AsyncCall {
   public:
    static void Await(Impl& service, CallSource& source) {
      const auto call = std::make_shared<Check>(service, source);
      service.generated_.RequestCheck(&call->context_, &call->request_, &call->writer_,
                                      &source.queue, &source.queue, call->ArrivalTag());
    }

    Check(Impl& service, CallSource& source) : AsyncCall(source), service_(service) {}

   private:
    void AwaitAnother() override { Await(service_, source_); }

    void OnArrived() override {
      void* const tag = EndTag();
      if (!service_.IsKnown(request_.service())) {
        writer_.FinishWithError({grpc::StatusCode::NOT_FOUND, "unknown service"}, tag);
        return;
      }
      health::HealthCheckResponse response;
      {
        const std::lock_guard lock(service_.mutex_);
        response.set_status(service_.status_);
      }
      writer_.Finish(response, grpc::Status::OK, tag);
    }

    Impl& service_;
    health::HealthCheckRequest request_;
    grpc::ServerAsyncResponseWriter<health::HealthCheckResponse> writer_{&context_};
  };

  // One stream. Writes one response at a time, so a slow watcher skips what has passed meanwhile.
  class Watch final : public AsyncCall {
   public:
    static void Await(Impl& service, CallSource& source) {
      const auto call = std::make_shared<Watch>(service, source);
      call->WatchForEnd();
      service.generated_.RequestWatch(&call->context_, &call->request_, &call->writer_,
                                      &source.queue, &source.queue, call->ArrivalTag());
    }

    Watch(Impl& service, CallSource& source) : AsyncCall(source), service_(service) {}

    // Takes the next step, if there is one. Under the service's mutex, like all that follows.
    void Advance() {
      if (writing_ || finished_) return;
      const ServingStatus now =
          known_ ? service_.status_ : health::HealthCheckResponse::SERVICE_UNKNOWN;
      if (gone_) {
        End({grpc::StatusCode::CANCELLED, "the watcher has gone"});
      } else if (now != written_) {
        written_ = now;
        response_.set_status(now);
        writing_ = true;
        writer_.Write(response_, wrote_.Begin(shared_from_this()));
      } else if (service_.shut_down_) {
        End({grpc::StatusCode::UNAVAILABLE, "the server is shutting down"});
      }
    }

   private:
    void AwaitAnother() override { Await(service_, source_); }

    void OnArrived() override {
      known_ = service_.IsKnown(request_.service());
      const std::lock_guard lock(service_.mutex_);
      service_.watches_.insert(this);
      Advance();
    }

    void OnWritten(bool ok) {
      const std::lock_guard lock(service_.mutex_);
      writing_ = false;
      if (!ok) gone_ = true;
      Advance();
    }

    void OnOver() override {
      const std::lock_guard lock(service_.mutex_);
      gone_ = true;
      Advance();
    }

    void End(const grpc::Status& status) {
      finished_ = true;
      service_.watches_.erase(this);
      writer_.Finish(status, EndTag());
    }

    Impl& service_;
    health::HealthCheckRequest request_;
    grpc::ServerAsyncWriter<health::HealthCheckResponse> writer_{&context_};
    AsyncOperation wrote_{[this](bool ok) { OnWritten(ok); }};

    bool known_ = false;
    std::optional<ServingStatus> written_;
    health::HealthCheckResponse response_;  // must live while it is being written
    bool writing_ = false;
    bool gone_ = false;  // nobody reads any more
    bool finished_ = false;
  };

  bool IsKnown(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  void AdvanceAll() {
    // Those that end leave the set.
    for (Watch* watch : std::vector<Watch*>(watches_.begin(), watches_.end())) watch->Advance();
  }

  std::vector<std::string> names_;
  health::Health::AsyncService generated_;

  std::mutex mutex_;
  ServingStatus status_ = health::HealthCheckResponse::NOT_SERVING;
  bool shut_down_ = false;
  std::set<Watch*> watches_;  // those that have not ended; each has an operation under way
};

HealthService::HealthService(std::vector<std::string> service_names)
    : impl_(std::make_unique<Impl>(std::move(service_names))) {}
HealthService::~HealthService() = default;

void HealthService::SetServing(bool serving) { impl_->SetServing(serving); }
void HealthService::Shutdown() { impl_->Shutdown(); }
AsyncService& HealthService::service() { return *impl_; }

}  // namespace mutexd::rpc
