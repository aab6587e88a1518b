#include "service/app/management_server.h"

#include <httplib.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexd::app {
namespace {

constexpr int kThreads = 4;
constexpr int kPatienceSeconds = 5;
constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kHint =
    "Nothing is here. There are /healthz (the process lives), /readyz (it takes calls), /metrics "
    "(for Prometheus) and /statusz (for people). RPCs are served on other ports: see --listen.\n";

void AnswerReadiness(Stage stage, httplib::Response& response) {
  switch (stage) {
    case Stage::kServing:
      response.set_content("ready\n", kText);
      return;
    case Stage::kStarting:
      response.set_content("not ready: starting\n", kText);
      break;
    case Stage::kDraining:
      response.set_content("not ready: draining, the process is about to end\n", kText);
      break;
  }
  response.status = 503;
}

void SetLimits(httplib::Server& server) {
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  // A kept connection would hold one of the few threads.
  server.set_keep_alive_max_count(1);
  server.set_read_timeout(kPatienceSeconds);
  server.set_write_timeout(kPatienceSeconds);
  server.set_payload_max_length(4096);
  // The default shares the port with whoever asks for it.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
}

}  // namespace

ManagementServer::ManagementServer() : server_(std::make_unique<httplib::Server>()) {}

absl::StatusOr<std::unique_ptr<ManagementServer>> ManagementServer::Start(
    const ListenAddress& address, const std::atomic<Stage>& stage, ManagementPages pages) {
  std::unique_ptr<ManagementServer> management(new ManagementServer());
  httplib::Server& server = *management->server_;
  SetLimits(server);
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("alive\n", kText);
  });
  server.Get("/readyz", [&stage](const httplib::Request&, httplib::Response& response) {
    AnswerReadiness(stage, response);
  });
  server.Get("/metrics",
             [metrics = pages.metrics](const httplib::Request&, httplib::Response& response) {
               response.set_content(metrics(), kMetricsText);
             });
  server.Get("/statusz", [pages](const httplib::Request& request, httplib::Response& response) {
    response.set_header("Cache-Control", "no-store");
    if (request.get_param_value("format") == "json") {
      response.set_content(pages.status_json(), "application/json");
      return;
    }
    // Whatever a text might smuggle in, a browser neither runs nor loads it.
    response.set_header("Content-Security-Policy",
                        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_content(pages.status(request.get_param_value("refresh")), kHtml);
  });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.status == 404) response.set_content(kHint, kText);
  });

  int port = address.port;
  if (port == 0) {
    port = server.bind_to_any_port(address.host);
  } else if (!server.bind_to_port(address.host, port)) {
    port = -1;
  }
  if (port < 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address.ToString()));
  }
  management->address_ = address.ToString(port);
  management->thread_ = std::thread([&server] { server.listen_after_bind(); });
  // Only a server that runs can be stopped.
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return management;
}

ManagementServer::~ManagementServer() {
  if (!thread_.joinable()) return;
  server_->stop();
  thread_.join();
}

}  // namespace mutexd::app
