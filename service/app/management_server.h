// The management port: /healthz, /readyz and /metrics over plain HTTP, on threads of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "service/app/listen_address.h"

namespace httplib {
class Server;
}

namespace mutexd::app {

enum class Stage { kStarting, kServing, kDraining };

class ManagementServer {
 public:
  // `stage` and `metrics`, which gives the text of /metrics, are used on other threads and must
  // outlive the server. The error names the address.
  static absl::StatusOr<std::unique_ptr<ManagementServer>> Start(
      const ListenAddress& address, const std::atomic<Stage>& stage,
      std::function<std::string()> metrics);

  ~ManagementServer();
  ManagementServer(const ManagementServer&) = delete;
  ManagementServer& operator=(const ManagementServer&) = delete;

  // With the real port.
  const std::string& address() const { return address_; }

 private:
  ManagementServer();

  std::unique_ptr<httplib::Server> server_;
  std::string address_;
  std::thread thread_;
};

}  // namespace mutexd::app
