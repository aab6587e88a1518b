// The management port: /healthz, /readyz, /metrics and /statusz over plain HTTP, on threads of its
// own.
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

// What the pages say. Called on the server's threads.
struct ManagementPages {
  std::function<std::string()> metrics;                           // for Prometheus
  std::function<std::string(const std::string& refresh)> status;  // HTML; the text of ?refresh=
  std::function<std::string()> status_json;
};

class ManagementServer {
 public:
  // `stage`, and what the pages use, must outlive the server. The error names the address.
  static absl::StatusOr<std::unique_ptr<ManagementServer>> Start(const ListenAddress& address,
                                                                 const std::atomic<Stage>& stage,
                                                                 ManagementPages pages);

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
