#include "service/app/management_key.h"

#include <utility>

#include "absl/strings/ascii.h"

namespace mutexd::app {
absl::StatusOr<std::string> ParseManagementKey(absl::string_view text) {
  const absl::string_view key = absl::StripAsciiWhitespace(text);
  if (key.empty()) return absl::InvalidArgumentError("is empty; put the key there");
  for (const char c : key) {
    if (!absl::ascii_isgraph(c)) {
      return absl::InvalidArgumentError(
          "has spaces or characters beyond ASCII inside; put the key there as Amplitude shows it");
    }
  }
  return std::string(key);
}

KeyFile::KeyFile(std::string path, WatchedFile::ReadFile read_file, telemetry::Log& log)
    : log_(log),
      file_(
          "key file", std::move(path), std::move(read_file),
          [this](const std::string& text, bool changed) { return Use(text, changed); }, log) {}

absl::StatusOr<std::unique_ptr<KeyFile>> KeyFile::Open(std::string path,
                                                       WatchedFile::ReadFile read_file,
                                                       telemetry::Log& log) {
  std::unique_ptr<KeyFile> file(new KeyFile(std::move(path), std::move(read_file), log));
  const absl::Status opened = file->file_.Open();
  if (!opened.ok()) return opened;
  return file;
}

absl::Status KeyFile::Use(absl::string_view text, bool changed) {
  const auto key = ParseManagementKey(text);
  if (!key.ok()) return key.status();
  if (credential_ != nullptr && *key == credential_->management_key) return absl::OkStatus();
  log_.HideSecret(*key);
  credential_ = std::make_shared<const amplitude::Credential>(amplitude::Credential{*key});
  if (changed) {
    log_.Write(telemetry::LogLevel::kInfo, "the management key has changed",
               {{"path", file_.path()}});
  }
  return absl::OkStatus();
}

}  // namespace mutexd::app
