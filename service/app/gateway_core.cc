#include "service/app/gateway_core.h"

#include <pthread.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/app/file_text.h"
#include "service/app/version.h"
#include "service/rpc/methods.h"
#include "service/telemetry/loop_lag.h"

namespace mutexd::app {
namespace {

constexpr std::size_t kWorkers = 2;  // decode large bodies

std::vector<std::string> MethodNames() {
  std::vector<std::string> names;
  for (const rpc::RpcMethod& method : rpc::Methods()) names.emplace_back(method.name);
  return names;
}

http::CurlTransportOptions TransportOptions(const Settings& settings) {
  http::CurlTransportOptions options;
  options.user_agent = absl::StrCat("mutexd/", VersionNumber());
  if (!settings.sandbox) {
    options.ca_file = settings.amplitude_ca_file;
    options.proxy = settings.amplitude_proxy;
  }
  return options;
}

amplitude::AmplitudeStackOptions StackOptions(const Settings& settings,
                                              const UpstreamChoice& upstream) {
  amplitude::AmplitudeStackOptions options;
  options.client.upstream = upstream.upstream;
  options.client.upstream_timeout = settings.upstream_timeout;
  options.cache.max_bytes = settings.cache_max_bytes;
  options.cache.max_age = settings.max_staleness_limit;
  return options;
}

groups::GatewayOptions GatewayOptionsOf(const Settings& settings) {
  groups::GatewayOptions options;
  options.max_reply_bytes = settings.max_reply_bytes;
  options.write_visibility_timeout = settings.write_visibility_timeout;
  options.slot_index_base = settings.slot_index_base;
  options.default_max_staleness = settings.default_max_staleness;
  options.max_staleness_limit = settings.max_staleness_limit;
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GatewayCore>> GatewayCore::Start(const Settings& settings,
                                                                const UpstreamChoice& upstream,
                                                                telemetry::Metrics& metrics,
                                                                telemetry::Log& log) {
  Keys keys;
  if (settings.credentials == Credentials::kCaller) {
    keys.source = std::make_unique<amplitude::NoServiceKey>();
  } else if (!upstream.key.empty()) {
    keys.source = std::make_unique<amplitude::FixedKey>(upstream.key);
  } else if (settings.amplitude_key_file.empty()) {
    log.HideSecret(settings.amplitude_management_key);
    keys.source = std::make_unique<amplitude::FixedKey>(settings.amplitude_management_key);
  } else {
    auto file = KeyFile::Open(settings.amplitude_key_file, ReadFileText, log);
    if (!file.ok()) return file.status();
    keys.file = file->get();
    keys.source = *std::move(file);
  }
  Files files;
  if (!settings.authz_policy.empty()) {
    auto file = PolicyFile::Open(settings.authz_policy, ReadFileText, log);
    if (!file.ok()) return file.status();
    files.policy = *std::move(file);
  }
  if (!settings.state_dir.empty()) {
    auto file = QuotaFile::Open(settings.state_dir, log);
    if (!file.ok()) return file.status();
    files.quota = *std::move(file);
  }
  if (!settings.audit_log.empty()) {
    static telemetry::FileCalls system_calls;
    auto file = telemetry::AuditFile::Open(settings.audit_log, system_calls);
    if (!file.ok()) return file.status();
    files.audit = *std::move(file);
  }
  return std::unique_ptr<GatewayCore>(
      new GatewayCore(settings, upstream, std::move(keys), std::move(files), metrics, log));
}

GatewayCore::GatewayCore(const Settings& settings, const UpstreamChoice& upstream, Keys keys,
                         Files files, telemetry::Metrics& metrics, telemetry::Log& log)
    : workers_(kWorkers),
      keys_(std::move(keys)),
      policy_file_(std::move(files.policy)),
      access_({.read_only = settings.read_only,
               .caller_keys = settings.credentials == Credentials::kCaller},
              policy_file_ == nullptr ? nullptr : policy_file_->policy()),
      upstream_telemetry_(metrics, log, activity_),
      policy_telemetry_(metrics, log, activity_),
      rpc_telemetry_(metrics, log, activity_, MethodNames()),
      gateway_log_(log),
      transport_(loop_.executor(), TransportOptions(settings), &upstream_telemetry_),
      quota_file_(std::move(files.quota)),
      audit_log_(MakeAuditLog(std::move(files.audit), metrics, log)),
      quota_(settings.quota, clock_, policy_telemetry_),
      amplitude_({transport_, clock_, *keys_.source, workers_, upstream_telemetry_,
                  policy_telemetry_, quota_},
                 StackOptions(settings, upstream)),
      gateway_{amplitude_.api(), clock_, GatewayOptionsOf(settings), &gateway_log_},
      runner_(loop_.executor(), gateway_, &rpc_telemetry_,
              {.default_deadline = settings.default_deadline,
               .max_calls = settings.max_calls,
               .access = &access_,
               .trail = audit_log_.get()}) {
  if (keys_.file != nullptr) {
    asio::co_spawn(loop_.executor(), keys_.file->file().Watch(clock_, workers_), asio::detached);
  }
  if (policy_file_ != nullptr) {
    policy_file_->Govern(access_);
    asio::co_spawn(loop_.executor(), policy_file_->file().Watch(clock_, workers_), asio::detached);
  }
  if (quota_file_ != nullptr) quota_file_->Keep(quota_, clock_, workers_, loop_.executor());
  asio::co_spawn(loop_.executor(), telemetry::MeasureLoopLag(clock_, metrics), asio::detached);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "event-loop");
    loop_.Run();
  });
}

std::unique_ptr<telemetry::AuditLog> GatewayCore::MakeAuditLog(
    std::unique_ptr<telemetry::AuditFile> file, telemetry::Metrics& metrics, telemetry::Log& log) {
  if (file == nullptr) return nullptr;
  telemetry::AuditLogOptions options;
  options.version = std::string(VersionNumber());
  return std::make_unique<telemetry::AuditLog>(std::move(file), loop_.executor(), metrics, log,
                                               std::move(options));
}

GatewayCore::~GatewayCore() {
  // What a call holds, such as a group's lock, must be given back while the gateway is there.
  std::promise<void> no_calls;
  asio::co_spawn(
      loop_.executor(),
      [this, &no_calls]() -> asio::awaitable<void> {
        runner_.EndDrain();
        while (runner_.calls_under_way() > 0) co_await clock_.Sleep(absl::Milliseconds(1));
        no_calls.set_value();
      },
      asio::detached);
  no_calls.get_future().wait();
  loop_.Stop();
  thread_.join();
  workers_.join();
  if (quota_file_ != nullptr) quota_file_->WriteLast();
}

void GatewayCore::Reload() {
  std::vector<WatchedFile*> files;
  if (keys_.file != nullptr) files.push_back(&keys_.file->file());
  if (policy_file_ != nullptr) files.push_back(&policy_file_->file());
  for (WatchedFile* file : files) {
    asio::post(loop_.executor(),
               [file, look = file->Read()]() mutable { file->Take(std::move(look)); });
  }
  if (audit_log_ != nullptr) audit_log_->Reopen();
}

void GatewayCore::WhileAlive(absl::Duration interval, std::function<void()> tell) {
  auto telling = [this, interval, tell = std::move(tell)]() -> asio::awaitable<void> {
    do {
      tell();
    } while (co_await clock_.Sleep(interval));
  };
  asio::co_spawn(loop_.executor(), std::move(telling), asio::detached);
}

std::optional<CoreStatus> GatewayCore::Status(std::chrono::milliseconds patience) {
  // Shared, as the loop may come to it when nobody waits any more.
  const auto answer = std::make_shared<std::promise<CoreStatus>>();
  std::future<CoreStatus> status = answer->get_future();
  asio::post(loop_.executor(), [this, answer] { answer->set_value({activity_, quota_.States()}); });
  if (status.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return status.get();
}

void GatewayCore::BeginDrain(absl::Duration end) {
  asio::post(loop_.executor(), [this, end] {
    runner_.BeginDrain();
    asio::co_spawn(
        loop_.executor(),
        [this, end]() -> asio::awaitable<void> {
          if (co_await clock_.Sleep(end)) runner_.EndDrain();
        },
        asio::detached);
  });
}

}  // namespace mutexd::app
