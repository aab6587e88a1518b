// The gateway without its servers: the event loop with all that lives on it.
#pragma once

#include <asio/thread_pool.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "service/amplitude/amplitude_stack.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/quota.h"
#include "service/amplitude/upstream.h"
#include "service/app/management_key.h"
#include "service/app/policy_file.h"
#include "service/app/quota_file.h"
#include "service/app/settings.h"
#include "service/groups/gateway.h"
#include "service/http/curl_transport.h"
#include "service/rpc/access_control.h"
#include "service/rpc/call_runner.h"
#include "service/rpc/shared_loop.h"
#include "service/telemetry/activity.h"
#include "service/telemetry/audit_file.h"
#include "service/telemetry/audit_log.h"
#include "service/telemetry/gateway_log.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"
#include "service/telemetry/policy_telemetry.h"
#include "service/telemetry/rpc_telemetry.h"
#include "service/telemetry/upstream_telemetry.h"

namespace mutexd::app {

// What the core knows of itself at a moment.
struct CoreStatus {
  telemetry::Activity activity;
  std::vector<amplitude::QuotaState> quotas;
};

// Where Amplitude is, and the key to use when the settings do not say.
struct UpstreamChoice {
  amplitude::Upstream upstream;
  std::string key;  // empty: the settings'
};

// Runs from its construction to its destruction, after which no call may arrive any more.
class GatewayCore {
 public:
  // The error, if there is no key, or the policy, the state directory or the audit log cannot be
  // used. `metrics` and `log` must outlive it.
  static absl::StatusOr<std::unique_ptr<GatewayCore>> Start(const Settings& settings,
                                                            const UpstreamChoice& upstream,
                                                            telemetry::Metrics& metrics,
                                                            telemetry::Log& log);
  ~GatewayCore();  // ends the calls that are still under way
  GatewayCore(const GatewayCore&) = delete;
  GatewayCore& operator=(const GatewayCore&) = delete;

  rpc::CallRunner& runner() { return runner_; }

  // Whether there is anything to reload.
  bool has_files() const {
    return keys_.file != nullptr || policy_file_ != nullptr || audit_log_ != nullptr;
  }

  // Reads the files again that may change, and opens those anew that may have been renamed. Any
  // thread; blocks for as long as that takes.
  void Reload();

  // Any thread. Calls `tell` now and every `interval` on the event loop, until the end.
  void WhileAlive(absl::Duration interval, std::function<void()> tell);

  // Any thread but the loop's. Nothing when the event loop does not answer within `patience`.
  std::optional<CoreStatus> Status(std::chrono::milliseconds patience);

  // Any thread. From now on calls that arrive are refused; after `end` those under way are ended.
  void BeginDrain(absl::Duration end);

 private:
  struct Keys {
    std::unique_ptr<amplitude::KeySource> source;
    KeyFile* file = nullptr;  // the source, where it is one
  };

  // What was opened before the rest; null where there is none.
  struct Files {
    std::unique_ptr<PolicyFile> policy;
    std::unique_ptr<QuotaFile> quota;
    std::unique_ptr<telemetry::AuditFile> audit;
  };

  GatewayCore(const Settings& settings, const UpstreamChoice& upstream, Keys keys, Files files,
              telemetry::Metrics& metrics, telemetry::Log& log);

  std::unique_ptr<telemetry::AuditLog> MakeAuditLog(std::unique_ptr<telemetry::AuditFile> file,
                                                    telemetry::Metrics& metrics,
                                                    telemetry::Log& log);

  // What is declared first is destroyed last: the loop outlives all that lives on it.
  rpc::SharedLoop loop_;
  asio::thread_pool workers_;
  amplitude::LoopClock clock_{loop_.executor()};
  Keys keys_;
  std::unique_ptr<PolicyFile> policy_file_;  // null: there is no policy
  rpc::AccessControl access_;
  telemetry::Activity activity_;
  telemetry::UpstreamTelemetry upstream_telemetry_;
  telemetry::PolicyTelemetry policy_telemetry_;
  telemetry::RpcTelemetry rpc_telemetry_;
  telemetry::GatewayLog gateway_log_;
  http::CurlTransport transport_;
  std::unique_ptr<QuotaFile> quota_file_;           // null: nothing survives a restart
  std::unique_ptr<telemetry::AuditLog> audit_log_;  // null: there is none
  amplitude::QuotaBook quota_;
  amplitude::AmplitudeStack amplitude_;
  groups::Gateway gateway_;
  rpc::CallRunner runner_;
  std::thread thread_;
};

}  // namespace mutexd::app
