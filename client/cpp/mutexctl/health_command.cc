#include <ostream>

#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/document.h"

namespace mutexgroups::ctl {
namespace {

using grpc::health::v1::HealthCheckResponse;

void Show(Session& session, const HealthCheckResponse& health) {
  switch (session.output) {
    case OutputFormat::kTable:
      session.out << HealthCheckResponse::ServingStatus_Name(health.status()) << "\n";
      break;
    case OutputFormat::kJson:
      session.out << ToJson(health);
      break;
    case OutputFormat::kYaml:
      session.out << ToYaml(health);
      break;
  }
}

int Health(Session& session) {
  return WithClient(session, [&](const Client& client) {
    const auto health = client.CheckHealth();
    if (!health.ok()) return Failed(session, health.error());
    Show(session, *health);
    const bool serving = health->status() == HealthCheckResponse::SERVING;
    return serving ? 0 : ExitCode(grpc::StatusCode::UNAVAILABLE);
  });
}

}  // namespace

void AddHealthCommand(CLI::App& root, Session& session) {
  auto& command = *root.add_subcommand(
      "health", "Ask whether the service is serving; the exit code is 0 only if it is");
  command.callback([&session] { session.action = [&session] { return Health(session); }; });
}

}  // namespace mutexgroups::ctl
