// mutexd: the gateway as a program.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "service/app/application.h"
#include "service/app/configuration.h"
#include "service/app/end_deadline.h"
#include "service/app/file_text.h"
#include "service/app/secret_environment.h"
#include "service/app/service_manager.h"
#include "service/app/setting_table.h"
#include "service/app/version.h"
#include "service/rpc/grpc_server.h"
#include "service/telemetry/log.h"

namespace mutexd::app {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

constexpr int kExitCannotStart = 1;
constexpr int kExitBadSettings = 2;

// How long all that comes after the drain may take; it takes milliseconds.
constexpr absl::Duration kTimeToStop = absl::Seconds(10);

// The signals that ask for the end, and SIGHUP, which asks to reload. Blocked before the first
// thread starts, so that all threads inherit it and only the wait sees them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error, not the end
  return signals;
}

// Returns when the end is asked for.
void ServeUntilTheEnd(Application& application, ServiceManager& manager, const sigset_t& signals) {
  const std::string serving =
      absl::StrCat("serving on ", absl::StrJoin(application.grpc_addresses(), ", "));
  manager.Ready(serving);
  int signal = 0;
  while (true) {
    sigwait(&signals, &signal);
    if (signal != SIGHUP) return;
    manager.Reloading();
    application.Reload();
    manager.Ready(serving);
  }
}

// From now on another signal that asks for the end ends the process at once, with the exit code
// that shells give to the signal.
void EndAtTheNext(const sigset_t& signals) {
  std::signal(SIGHUP, SIG_IGN);
  for (const int signal : {SIGTERM, SIGINT}) {
    std::signal(signal, [](int number) { _exit(128 + number); });
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// An end that does not come, for whatever reason, is cut.
void EndInTime(const Settings& settings) {
  const absl::Duration limit = settings.drain_timeout + kTimeToStop;
  EndProcessAfter(limit,
                  absl::StrCat(telemetry::FormatLogLine(
                                   settings.log_format, absl::Now() + limit, LogLevel::kCritical,
                                   "the process did not come to its end; cut off now", {}),
                               "\n"));
}

// Each connection takes a descriptor, and without any left new callers wait.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Keys and what callers send are in the memory: no core dump of it, and no other process of the
// same user may look.
void KeepMemoryPrivate() { prctl(PR_SET_DUMPABLE, 0); }

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

ConfigurationSources SourcesOf(int argc, char** argv) {
  ConfigurationSources sources;
  sources.arguments.assign(argv + 1, argv + argc);
  sources.environment = Environment();
  sources.read_file = ReadFileText;
  return sources;
}

void RouteGrpcLogTo(Log& log) {
  rpc::RouteGrpcLog([&log](rpc::GrpcLogSeverity severity, absl::string_view text) {
    const bool is_error = severity == rpc::GrpcLogSeverity::kError;
    log.Write(is_error ? LogLevel::kError : LogLevel::kDebug, "grpc", {{"text", text}});
  });
}

int Serve(const Configuration& configuration, const sigset_t& signals) {
  const Settings& settings = configuration.settings;
  Log log({settings.log_level, settings.log_format});
  for (const std::string& warning : configuration.warnings) log.Write(LogLevel::kWarning, warning);
  RouteGrpcLogTo(log);
  ServiceManager manager(Environment(), getpid(), log);
  int exit_code = 0;
  {
    const auto application =
        Application::Start(settings, log, DescribeConfiguration(configuration));
    if (application.ok()) {
      if (const auto interval = manager.alive_interval()) {
        (*application)->WhileAlive(*interval, [&manager] { manager.Alive(); });
      }
      ServeUntilTheEnd(**application, manager, signals);
      EndAtTheNext(signals);
      EndInTime(settings);
      manager.Stopping(settings.drain_timeout);
      (*application)->Drain();
    } else {
      log.Write(LogLevel::kCritical, application.status().message());
      manager.Failed(application.status().message());
      exit_code = kExitCannotStart;
    }
  }
  rpc::RouteGrpcLog(nullptr);
  return exit_code;
}

int Run(int argc, char** argv) {
  // Debian's Abseil is built with assertions, and then follows the order of all locks, gRPC's too.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const sigset_t signals = BlockSignals();
  RaiseFileLimit();
  KeepMemoryPrivate();
  const Configuration configuration = LoadConfiguration(SourcesOf(argc, argv));
  ForgetSecretsOfEnvironment();
  if (configuration.settings.help) {
    std::cout << HelpText();
    return 0;
  }
  if (configuration.settings.version) {
    std::cout << "mutexd " << VersionNumber();
    if (!VersionCommit().empty()) std::cout << " (" << VersionCommit() << ")";
    std::cout << "\n";
    return 0;
  }
  if (!configuration.problems.empty()) {
    for (const std::string& problem : configuration.problems) {
      std::cerr << "mutexd: " << problem << "\n";
    }
    return kExitBadSettings;
  }
  if (configuration.settings.check_config) {
    for (const std::string& warning : configuration.warnings) {
      std::cerr << "mutexd: warning: " << warning << "\n";
    }
    std::cout << DescribeConfiguration(configuration);
    return 0;
  }
  return Serve(configuration, signals);
}

}  // namespace
}  // namespace mutexd::app

int main(int argc, char** argv) { return mutexd::app::Run(argc, argv); }
