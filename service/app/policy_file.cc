#include "service/app/policy_file.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "service/authz/policy_text.h"

namespace mutexd::app {

PolicyFile::PolicyFile(std::string path, WatchedFile::ReadFile read_file, telemetry::Log& log)
    : log_(log),
      file_(
          "authorization policy", std::move(path), std::move(read_file),
          [this](const std::string& text, bool changed) { return Use(text, changed); }, log) {}

absl::StatusOr<std::unique_ptr<PolicyFile>> PolicyFile::Open(std::string path,
                                                             WatchedFile::ReadFile read_file,
                                                             telemetry::Log& log) {
  std::unique_ptr<PolicyFile> file(new PolicyFile(std::move(path), std::move(read_file), log));
  const absl::Status opened = file->file_.Open();
  if (!opened.ok()) return opened;
  return file;
}

absl::Status PolicyFile::Use(const std::string& text, bool changed) {
  authz::ParsedPolicy parsed = authz::ParsePolicy(text, file_.path());
  if (!parsed.problems.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(parsed.problems, "; "));
  }
  policy_ = std::make_shared<const authz::Policy>(std::move(parsed.policy));
  if (access_ != nullptr) access_->SetPolicy(policy_);
  // Those at the start stand among the configuration's.
  if (!changed) return absl::OkStatus();
  for (const std::string& warning : parsed.warnings) {
    log_.Write(telemetry::LogLevel::kWarning, warning);
  }
  log_.Write(telemetry::LogLevel::kInfo, "the authorization policy has changed",
             {{"path", file_.path()}, {"rules", policy_->rules().size()}});
  return absl::OkStatus();
}

}  // namespace mutexd::app
