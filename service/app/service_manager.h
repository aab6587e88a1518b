// Tells the service manager that started the process, such as systemd, how the process is.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/telemetry/log.h"

namespace mutexd::app {

// The protocol of sd_notify(3), without its library: datagrams to a unix socket. Where no manager
// waits for them every call does nothing. What cannot be sent is a warning in the log, once: the
// service works without. Any thread.
class ServiceManager {
 public:
  // From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. `self` is this process; `log` must outlive
  // it.
  ServiceManager(const std::map<std::string, std::string>& environment, pid_t self,
                 telemetry::Log& log);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  // How often Alive must be called, half of what the manager waits for before it starts the
  // process anew; absent: it does not wait.
  std::optional<absl::Duration> alive_interval() const { return alive_interval_; }

  // Calls are taken; after Reloading, the new settings are in force. `status` is for people.
  void Ready(absl::string_view status);
  void Reloading();
  // The end has begun and takes at most `longest`, however little time the unit allows for it.
  void Stopping(absl::Duration longest);
  // The start has failed; `reason` is for people.
  void Failed(absl::string_view reason);
  // Never waits.
  void Alive();

 private:
  void Send(const std::string& message, bool may_wait);
  void Warn(absl::string_view what);

  telemetry::Log& log_;
  std::string address_;  // as in NOTIFY_SOCKET
  int socket_ = -1;      // -1: nobody is told
  std::optional<absl::Duration> alive_interval_;
  std::atomic<bool> warned_ = false;
};

}  // namespace mutexd::app
