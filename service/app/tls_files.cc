#include "service/app/tls_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/app/tls_check.h"

namespace mutexd::app {
namespace {

using telemetry::LogLevel;
using Problem = TlsFiles::Problem;

// Tells one state of the files from another.
std::string Fingerprint(const TlsFiles::Loaded& loaded) {
  std::string text = absl::StrCat(loaded.material.certificate_chain, "\n",
                                  loaded.material.private_key, "\n", loaded.material.client_ca);
  for (const Problem& problem : loaded.problems) absl::StrAppend(&text, "\n", problem.what);
  return text;
}

std::string Describe(const std::vector<Problem>& problems) {
  return absl::StrJoin(problems, "; ", [](std::string* out, const Problem& problem) {
    absl::StrAppend(out, problem.path, " ", problem.what);
  });
}

}  // namespace

TlsFiles::Loaded TlsFiles::Load(const TlsPaths& paths, const ReadFile& read_file, absl::Time now) {
  Loaded loaded;
  const auto add = [&loaded](absl::string_view setting, const std::string& path,
                             const absl::Status& status) {
    if (!status.ok()) loaded.problems.push_back({setting, path, std::string(status.message())});
  };
  const auto read = [&](absl::string_view setting, const std::string& path, std::string& text) {
    auto content = read_file(path);
    if (content.ok()) {
      text = *std::move(content);
    } else {
      add(setting, path,
          absl::UnavailableError(
              absl::StrCat(content.status().message(), "; give a readable PEM file")));
    }
  };
  read("tls-cert", paths.certificate, loaded.material.certificate_chain);
  read("tls-key", paths.key, loaded.material.private_key);
  if (loaded.problems.empty()) {
    const CertificateCheck check =
        CheckCertificate(loaded.material.certificate_chain, loaded.material.private_key, now);
    add("tls-cert", paths.certificate, check.certificate);
    add("tls-key", paths.key, check.key);
    loaded.not_after = check.not_after;
  }
  if (!paths.client_ca.empty()) {
    const std::size_t before = loaded.problems.size();
    read("tls-client-ca", paths.client_ca, loaded.material.client_ca);
    if (loaded.problems.size() == before) {
      add("tls-client-ca", paths.client_ca, CheckAuthorities(loaded.material.client_ca, now));
    }
  }
  return loaded;
}

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(TlsPaths paths, ReadFile read_file,
                                                         telemetry::Metrics& metrics,
                                                         telemetry::Log& log) {
  Loaded loaded = Load(paths, read_file, absl::Now());
  if (!loaded.problems.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot serve TLS: ", Describe(loaded.problems)));
  }
  return std::unique_ptr<TlsFiles>(
      new TlsFiles(std::move(paths), std::move(read_file), std::move(loaded), metrics, log));
}

TlsFiles::TlsFiles(TlsPaths paths, ReadFile read_file, Loaded loaded, telemetry::Metrics& metrics,
                   telemetry::Log& log)
    : paths_(std::move(paths)),
      read_file_(std::move(read_file)),
      log_(log),
      not_after_(metrics
                     .AddGauge("mutexd_tls_certificate_not_after_seconds",
                               "When the certificate in force ends, in seconds since 1970.")
                     .Add({})),
      reloads_(metrics.AddCounter("mutexd_tls_reloads_total",
                                  "Changes of the certificate files, by what became of them.")),
      taken_(reloads_.Add({{"result", "taken"}})),
      refused_(reloads_.Add({{"result", "refused"}})),
      source_(std::make_shared<rpc::TlsMaterialSource>(loaded.material)) {
  Use(std::move(loaded));
}

void TlsFiles::Reload(ReloadCause cause, absl::Time now) {
  Loaded loaded = Load(paths_, read_file_, now);
  if (!loaded.problems.empty()) {
    Complain(loaded, cause);
    return;
  }
  broken_.clear();
  if (Fingerprint(loaded) == fingerprint_) return;
  source_->Publish(loaded.material);
  Use(std::move(loaded));
  taken_.Increment();
}

void TlsFiles::Use(Loaded loaded) {
  fingerprint_ = Fingerprint(loaded);
  not_after_.Set(static_cast<double>(absl::ToUnixSeconds(loaded.not_after)));
  log_.Write(LogLevel::kInfo, "the TLS certificate is in force",
             {{"path", paths_.certificate},
              {"not_after", absl::FormatTime(loaded.not_after, absl::UTCTimeZone())}});
}

// Files that are being replaced are broken for a moment: unless somebody asks, only what stays so
// is told.
void TlsFiles::Complain(const Loaded& loaded, ReloadCause cause) {
  std::string found = Fingerprint(loaded);
  const bool again = found == broken_;
  if (!again) told_ = false;
  broken_ = std::move(found);
  if (told_ || (!again && cause == ReloadCause::kInterval)) return;
  told_ = true;
  refused_.Increment();
  log_.Write(LogLevel::kWarning,
             "the TLS files cannot be used; the former certificate stays in force",
             {{"error", Describe(loaded.problems)}});
}

}  // namespace mutexd::app
