// The composition root: everything put together from the settings, started, drained and stopped.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/app/accept_telemetry.h"
#include "service/app/channelz_listener.h"
#include "service/app/gateway_core.h"
#include "service/app/grpc_listener.h"
#include "service/app/listener_claim.h"
#include "service/app/management_server.h"
#include "service/app/reloader.h"
#include "service/app/settings.h"
#include "service/app/status_page.h"
#include "service/app/tls_files.h"
#include "service/sandbox/sandbox.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"

namespace mutexd::app {

class Application {
 public:
  // Serves when it returns, and has logged where: a line "listening" for each listener, with its
  // real address. `settings` have been checked; `log` must outlive the application.
  // `configuration` is what /statusz shows of the settings: without secrets.
  static absl::StatusOr<std::unique_ptr<Application>> Start(const Settings& settings,
                                                            telemetry::Log& log,
                                                            std::string configuration = "");

  ~Application();  // after Drain; otherwise calls under way are cut off
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // Not ready any more; refuses new calls; returns when those under way have ended, at most
  // --drain-timeout later. Blocks.
  void Drain();

  // Has what may change while the service runs read again at once. What is broken leaves the former
  // in force, with a warning.
  void Reload();

  // Calls `tell` now and every `interval` on the event loop, until the application's end: a loop
  // that hangs does not.
  void WhileAlive(absl::Duration interval, std::function<void()> tell) {
    core_->WhileAlive(interval, std::move(tell));
  }

  // The real addresses.
  const std::vector<std::string>& grpc_addresses() const { return grpc_addresses_; }
  const std::string& management_address() const { return management_address_; }  // empty: off

 private:
  Application(const Settings& settings, telemetry::Log& log, std::string configuration);

  absl::Status ClaimListeners();
  absl::Status StartManagement();
  absl::StatusOr<UpstreamChoice> ChooseUpstream();
  absl::Status ReadTlsFiles();
  absl::Status StartServing();
  absl::Status StartChannelz();
  GrpcListener::Options OptionsOf(const ListenAddress& address) const;
  void LogListeners();
  StatusSnapshot Status();

  const Settings settings_;
  const std::string configuration_;
  const absl::Time started_ = absl::Now();
  telemetry::Log& log_;
  telemetry::Metrics metrics_;
  std::atomic<Stage> stage_ = Stage::kStarting;
  std::string management_address_;
  std::vector<std::string> grpc_addresses_;

  // What /statusz shows of the parts that come later and go earlier than the port that serves it.
  std::mutex status_mutex_;
  GatewayCore* status_core_ = nullptr;         // guarded by status_mutex_
  std::string status_upstream_;                // likewise
  std::vector<std::string> status_listeners_;  // likewise

  // In the order of starting; stopped in the reverse order.
  std::vector<ListenerClaim> claims_;
  std::vector<ListenSocket> sockets_;            // until the listeners have them
  std::optional<ListenSocket> channelz_socket_;  // likewise
  AcceptTelemetry connections_;
  std::unique_ptr<ManagementServer> management_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<TlsFiles> tls_;  // null: plaintext
  std::unique_ptr<GatewayCore> core_;
  std::vector<std::unique_ptr<GrpcListener>> listeners_;  // as in the settings
  std::unique_ptr<ChannelzListener> channelz_;            // null: off
  Reloader reloader_;
};

}  // namespace mutexd::app
