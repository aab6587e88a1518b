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

class HealthService::Impl final : public health::Health::CallbackService {
 public:
  explicit Impl(std::vector<std::string> service_names) : names_(std::move(service_names)) {
    names_.emplace_back();  // the server as a whole
  }

  void SetServing(bool serving) {
    const std::lock_guard lock(mutex_);
    if (shut_down_) return;
    status_ =
        serving ? health::HealthCheckResponse::SERVING : health::HealthCheckResponse::NOT_SERVING;
    for (Watcher* watcher : watchers_) watcher->Advance();
  }

  void Shutdown() {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    status_ = health::HealthCheckResponse::NOT_SERVING;
    for (Watcher* watcher : watchers_) watcher->Advance();
  }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const health::HealthCheckRequest* request,
                                  health::HealthCheckResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (!IsKnown(request->service())) {
      reactor->Finish({grpc::StatusCode::NOT_FOUND, "unknown service"});
      return reactor;
    }
    {
      const std::lock_guard lock(mutex_);
      response->set_status(status_);
    }
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerWriteReactor<health::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext*, const health::HealthCheckRequest* request) override {
    auto* watcher = new Watcher(*this, IsKnown(request->service()));
    const std::lock_guard lock(mutex_);
    watchers_.insert(watcher);
    watcher->Advance();
    return watcher;
  }

 private:
  // One stream. Writes one response at a time, so a slow watcher skips what has passed meanwhile.
  class Watcher final : public grpc::ServerWriteReactor<health::HealthCheckResponse> {
   public:
    Watcher(Impl& service, bool known) : service_(service), known_(known) {}

    // Takes the next step, if there is one. Under the service's mutex, like all that follows.
    void Advance() {
      if (writing_ || finished_) return;
      const ServingStatus now =
          known_ ? service_.status_ : health::HealthCheckResponse::SERVICE_UNKNOWN;
      if (now != written_) {
        written_ = now;
        response_.set_status(now);
        writing_ = true;
        StartWrite(&response_);
      } else if (service_.shut_down_) {
        End({grpc::StatusCode::UNAVAILABLE, "the server is shutting down"});
      }
    }

    void OnWriteDone(bool ok) override {
      const std::lock_guard lock(service_.mutex_);
      writing_ = false;
      if (ok) {
        Advance();
      } else {
        End({grpc::StatusCode::CANCELLED, "the watcher has gone"});
      }
    }

    void OnCancel() override {
      const std::lock_guard lock(service_.mutex_);
      End({grpc::StatusCode::CANCELLED, "the watcher has gone"});
    }

    void OnDone() override {
      {
        const std::lock_guard lock(service_.mutex_);
        service_.watchers_.erase(this);
      }
      delete this;
    }

   private:
    void End(grpc::Status status) {
      if (std::exchange(finished_, true)) return;
      Finish(std::move(status));
    }

    Impl& service_;
    const bool known_;
    std::optional<ServingStatus> written_;
    health::HealthCheckResponse response_;  // must live while it is being written
    bool writing_ = false;
    bool finished_ = false;
  };

  bool IsKnown(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  std::vector<std::string> names_;

  std::mutex mutex_;
  ServingStatus status_ = health::HealthCheckResponse::NOT_SERVING;
  bool shut_down_ = false;
  std::set<Watcher*> watchers_;
};

HealthService::HealthService(std::vector<std::string> service_names)
    : impl_(std::make_unique<Impl>(std::move(service_names))) {}
HealthService::~HealthService() = default;

void HealthService::SetServing(bool serving) { impl_->SetServing(serving); }
void HealthService::Shutdown() { impl_->Shutdown(); }
grpc::Service* HealthService::service() { return impl_.get(); }

}  // namespace mutexd::rpc
