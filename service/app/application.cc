#include "service/app/application.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/app/file_text.h"
#include "service/app/startup_pages.h"
#include "service/app/version.h"

namespace mutexd::app {
namespace {

using telemetry::LogLevel;

constexpr std::chrono::milliseconds kPatienceWithLoop(1000);

const char* StageName(Stage stage) {
  switch (stage) {
    case Stage::kStarting:
      return "starting";
    case Stage::kServing:
      return "serving";
    case Stage::kDraining:
      break;
  }
  return "draining";
}

// A proxy, which curl's users set by these variables, cannot reach a server inside this process.
// Before other threads look at the environment.
void ReachLoopbackWithoutProxy() {
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const char* before = std::getenv(name);
    const std::string value =
        before == nullptr || *before == '\0' ? "127.0.0.1" : absl::StrCat(before, ",127.0.0.1");
    setenv(name, value.c_str(), 1);
  }
}

// How long a client may take to learn that it is to go elsewhere: more than a long way there and
// back.
absl::Duration TimeToTellClients(absl::Duration drain_timeout) {
  return std::min(drain_timeout / 10, absl::Milliseconds(250));
}

// Connections must leave descriptors for everything else.
std::size_t ConnectionLimit(std::size_t max_connections, telemetry::Log& log) {
  constexpr rlim_t kForTheRest = 256;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return max_connections;
  }
  const std::size_t most =
      limit.rlim_cur > 2 * kForTheRest ? limit.rlim_cur - kForTheRest : limit.rlim_cur / 2;
  if (max_connections <= most) return max_connections;
  log.Write(LogLevel::kWarning,
            "there are too few descriptors for max-connections; raise the limit of open files",
            {{"max_connections", max_connections}, {"lowered_to", most}});
  return most;
}

// What is left at the drain's end for the replies of the calls that are ended then.
absl::Duration TimeToReply(absl::Duration drain_timeout) {
  return std::min(drain_timeout / 4, absl::Seconds(1));
}

}  // namespace

Application::Application(const Settings& settings, telemetry::Log& log, std::string configuration)
    : settings_(settings),
      configuration_(std::move(configuration)),
      log_(log),
      connections_(ConnectionLimit(settings.max_connections, log), metrics_, log) {
  metrics_.AddGauge("mutexd_build_info", "The build, as labels; always 1.")
      .Add({{"version", std::string(VersionNumber())}, {"commit", std::string(VersionCommit())}})
      .Set(1);
  metrics_.AddCounterFrom("mutexd_log_lines_dropped_total",
                          "Log lines dropped as stderr was read too slowly.",
                          [&log] { return static_cast<double>(log.lines_dropped()); });
}

Application::~Application() {
  const std::lock_guard lock(status_mutex_);
  status_core_ = nullptr;
}

absl::StatusOr<std::unique_ptr<Application>> Application::Start(const Settings& settings,
                                                                telemetry::Log& log,
                                                                std::string configuration) {
  std::unique_ptr<Application> application(
      new Application(settings, log, std::move(configuration)));
  if (settings.sandbox) ReachLoopbackWithoutProxy();
  if (absl::Status status = application->ClaimListeners(); !status.ok()) return status;
  if (absl::Status status = application->ReadTlsFiles(); !status.ok()) return status;
  if (absl::Status status = application->StartManagement(); !status.ok()) return status;
  const auto upstream = application->ChooseUpstream();
  if (!upstream.ok()) return upstream.status();
  auto core = GatewayCore::Start(settings, *upstream, application->metrics_, log);
  if (!core.ok()) return core.status();
  application->core_ = *std::move(core);
  {
    const std::lock_guard lock(application->status_mutex_);
    application->status_core_ = application->core_.get();
    application->status_upstream_ = upstream->upstream.base_url;
  }
  if (application->core_->has_files()) {
    // It watches them itself.
    application->reloader_.Add([&core = *application->core_](ReloadCause cause) {
      if (cause == ReloadCause::kRequest) core.Reload();
    });
  }
  log.Write(LogLevel::kInfo, "starting",
            {{"version", VersionNumber()},
             {"commit", VersionCommit()},
             {"upstream", upstream->upstream.base_url},
             {"sandbox", settings.sandbox}});
  if (absl::Status status = application->StartServing(); !status.ok()) return status;
  return application;
}

absl::Status Application::ClaimListeners() {
  const auto claim = [this](const ListenAddress& address) {
    auto taken = ListenerClaim::Take(address);
    if (taken.ok()) claims_.push_back(*std::move(taken));
    return taken.status();
  };
  const auto bind = [&](const ListenAddress& address) -> absl::StatusOr<ListenSocket> {
    if (address.is_unix()) {
      if (absl::Status status = claim(address); !status.ok()) return status;
    }
    return ListenSocket::Bind(address, settings_.unix_socket_access);
  };
  for (const ListenAddress& address : settings_.listen) {
    auto socket = bind(address);
    if (!socket.ok()) return socket.status();
    sockets_.push_back(*std::move(socket));
  }
  if (settings_.channelz) {
    auto socket = bind(*settings_.channelz);
    if (!socket.ok()) return socket.status();
    channelz_socket_.emplace(*std::move(socket));
  }
  return settings_.management ? claim(*settings_.management) : absl::OkStatus();
}

absl::Status Application::StartManagement() {
  if (!settings_.management) return absl::OkStatus();
  ManagementPages pages;
  pages.metrics = [this] { return metrics_.Expose(); };
  pages.status = [this](const std::string& refresh) {
    return StatusPage(Status(), ParseRefresh(refresh));
  };
  pages.status_json = [this] { return StatusJson(Status()); };
  auto server = ManagementServer::Start(*settings_.management, stage_, std::move(pages));
  if (!server.ok()) return server.status();
  management_ = *std::move(server);
  management_address_ = management_->address();
  return absl::OkStatus();
}

absl::StatusOr<UpstreamChoice> Application::ChooseUpstream() {
  if (settings_.sandbox) {
    sandbox::SandboxOptions options;
    options.state_file = settings_.sandbox_state;
    options.slot_index_base = settings_.slot_index_base;
    auto sandbox = sandbox::Sandbox::Start(std::move(options));
    if (!sandbox.ok()) return sandbox.status();
    sandbox_ = *std::move(sandbox);
    return UpstreamChoice{amplitude::UpstreamAt(sandbox_->url()),
                          std::string(sandbox::kDefaultKey)};
  }
  if (settings_.amplitude_url) {
    return UpstreamChoice{amplitude::UpstreamAt(*settings_.amplitude_url), ""};
  }
  return UpstreamChoice{amplitude::UpstreamOf(settings_.region), ""};
}

absl::Status Application::ReadTlsFiles() {
  if (settings_.tls_cert.empty()) return absl::OkStatus();
  auto files = TlsFiles::Open({settings_.tls_cert, settings_.tls_key, settings_.tls_client_ca},
                              ReadFileText, metrics_, log_);
  if (!files.ok()) return files.status();
  tls_ = *std::move(files);
  reloader_.Add([this](ReloadCause cause) { tls_->Reload(cause); });
  return absl::OkStatus();
}

GrpcListener::Options Application::OptionsOf(const ListenAddress& address) const {
  GrpcListener::Options options;
  options.limits.max_concurrent_streams = settings_.max_concurrent_streams;
  options.limits.memory = settings_.memory_limit;
  options.limits.channelz = settings_.channelz.has_value();
  if (settings_.max_connection_age > absl::ZeroDuration()) {
    options.limits.max_connection_age = settings_.max_connection_age;
  }
  if (address.is_unix()) {
    options.traits.identity = settings_.unix_identities.Of(address.unix_path);
    options.traits.peer = address.ToString();
    options.traits.confidential = true;
  } else if (tls_ != nullptr) {
    options.traits.confidential = true;
    options.traits.asks_for_certificates = tls_->asks_for_certificates();
    options.credentials = rpc::MakeTlsCredentials(tls_->source());
  } else {
    options.traits.confidential = IsLoopbackHost(address.host);
  }
  return options;
}

absl::Status Application::StartServing() {
  for (std::size_t i = 0; i < settings_.listen.size(); ++i) {
    auto listener = GrpcListener::Start(std::move(sockets_[i]), OptionsOf(settings_.listen[i]),
                                        core_->runner(), connections_);
    if (!listener.ok()) return listener.status();
    listeners_.push_back(*std::move(listener));
  }
  sockets_.clear();
  if (absl::Status status = StartChannelz(); !status.ok()) return status;
  reloader_.Start();
  stage_ = Stage::kServing;
  for (const auto& listener : listeners_) listener->SetServing();
  LogListeners();
  {
    const std::lock_guard lock(status_mutex_);
    status_listeners_ = grpc_addresses_;
  }
  ReleaseStartupPages();
  return absl::OkStatus();
}

absl::Status Application::StartChannelz() {
  if (!channelz_socket_) return absl::OkStatus();
  auto listener = ChannelzListener::Start(*std::move(channelz_socket_), connections_);
  channelz_socket_.reset();
  if (!listener.ok()) return listener.status();
  channelz_ = *std::move(listener);
  return absl::OkStatus();
}

StatusSnapshot Application::Status() {
  StatusSnapshot snapshot{.now = absl::Now(),
                          .started = started_,
                          .state = StageName(stage_),
                          .version = std::string(VersionNumber()),
                          .commit = std::string(VersionCommit()),
                          .configuration = configuration_};
  snapshot.connections_open = connections_.connections_open();
  snapshot.max_connections = connections_.max_connections();
  const std::lock_guard lock(status_mutex_);
  snapshot.upstream = status_upstream_;
  snapshot.listeners = status_listeners_;
  if (status_core_ != nullptr) snapshot.core = status_core_->Status(kPatienceWithLoop);
  return snapshot;
}

void Application::LogListeners() {
  if (management_) {
    log_.Write(LogLevel::kInfo, "listening",
               {{"listener", "management"}, {"address", management_address_}});
  }
  if (channelz_) {
    log_.Write(LogLevel::kInfo, "listening",
               {{"listener", "channelz"}, {"address", channelz_->address()}});
  }
  for (std::size_t i = 0; i < settings_.listen.size(); ++i) {
    const ListenAddress& address = settings_.listen[i];
    grpc_addresses_.push_back(listeners_[i]->address());
    log_.Write(LogLevel::kInfo, "listening",
               {{"listener", "grpc"},
                {"address", grpc_addresses_.back()},
                {"tls", tls_ != nullptr && !address.is_unix()}});
    if (tls_ == nullptr && !address.is_unix() && !IsLoopbackHost(address.host)) {
      log_.Write(LogLevel::kWarning,
                 "calls from other machines are neither encrypted nor authenticated",
                 {{"address", grpc_addresses_.back()}});
    }
  }
}

void Application::Reload() {
  log_.Write(LogLevel::kInfo, "reloading");
  reloader_.ReloadNow();
}

void Application::Drain() {
  const absl::Duration timeout = settings_.drain_timeout;
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoMicroseconds(timeout);
  const auto left = [end] { return absl::FromChrono(end - std::chrono::steady_clock::now()); };
  log_.Write(LogLevel::kInfo, "draining", {{"timeout", absl::FormatDuration(timeout)}});
  bool told = true;
  for (const auto& listener : listeners_) told = listener->SendClientsAway() && told;
  stage_ = Stage::kDraining;
  // Calls that clients began before they were told to go are served; whoever stays is refused.
  const auto refuse = [&] { core_->BeginDrain(left() - TimeToReply(timeout)); };
  if (!told) refuse();
  std::this_thread::sleep_for(absl::ToChronoMicroseconds(TimeToTellClients(timeout)));
  if (told) refuse();
  std::vector<std::thread> drains;
  for (const auto& listener : listeners_) {
    drains.emplace_back([&listener, left] { listener->Drain(left()); });
  }
  for (std::thread& drain : drains) drain.join();
  log_.Write(LogLevel::kInfo, "drained");
}

}  // namespace mutexd::app
