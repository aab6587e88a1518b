// The listeners' certificates, from files that may change.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/app/reloader.h"
#include "service/rpc/tls_credentials.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"

namespace mutexd::app {

struct TlsPaths {
  std::string certificate;
  std::string key;
  std::string client_ca;  // empty: clients need no certificates
};

// Keeps the last pair that was fine in force: files that are missing, unreadable, expired, half
// written or that do not belong together only lead to a warning, one for each change.
class TlsFiles {
 public:
  using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

  struct Problem {
    absl::string_view setting;  // that names the file, such as "tls-cert"
    std::string path;
    std::string what;  // what follows the path in a sentence
  };
  struct Loaded {
    rpc::TlsMaterial material;
    absl::Time not_after;
    std::vector<Problem> problems;  // none: the rest can be used
  };
  static Loaded Load(const TlsPaths& paths, const ReadFile& read_file, absl::Time now);

  // The error, if the files cannot be used now. `metrics` and `log` must outlive this.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(TlsPaths paths, ReadFile read_file,
                                                        telemetry::Metrics& metrics,
                                                        telemetry::Log& log);

  const std::shared_ptr<rpc::TlsMaterialSource>& source() const { return source_; }
  bool asks_for_certificates() const { return !paths_.client_ca.empty(); }

  // Reads the files and uses what is new in them. On one thread.
  void Reload(ReloadCause cause, absl::Time now = absl::Now());

 private:
  TlsFiles(TlsPaths paths, ReadFile read_file, Loaded loaded, telemetry::Metrics& metrics,
           telemetry::Log& log);
  void Use(Loaded loaded);
  void Complain(const Loaded& loaded, ReloadCause cause);

  const TlsPaths paths_;
  const ReadFile read_file_;
  telemetry::Log& log_;
  prometheus::Gauge& not_after_;
  telemetry::CounterFamily& reloads_;
  prometheus::Counter& taken_;
  prometheus::Counter& refused_;
  std::shared_ptr<rpc::TlsMaterialSource> source_;
  std::string fingerprint_;  // of what is in force
  std::string broken_;       // of what was found broken last; empty: nothing since
  bool told_ = false;        // that it is
};

}  // namespace mutexd::app
