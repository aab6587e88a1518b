#include "service/app/management_key.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/worker_pool.h"

namespace mutexd::app {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

}  // namespace

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

absl::StatusOr<std::unique_ptr<KeyFile>> KeyFile::Open(std::string path, ReadFile read_file,
                                                       telemetry::Log& log) {
  std::unique_ptr<KeyFile> file(new KeyFile(std::move(path), std::move(read_file), log));
  const auto key = file->Read();
  if (!key.ok()) return key.status();
  file->Use(*key);
  return file;
}

asio::awaitable<void> KeyFile::Watch(amplitude::Clock& clock, asio::thread_pool& workers) {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (co_await clock.Sleep(kInterval)) {
    Take(co_await amplitude::RunOnPool(workers, [this] { return Read(); }));
  }
}

absl::StatusOr<std::string> KeyFile::Read() const {
  const auto text = read_file_(path_);
  if (!text.ok()) return text.status();
  return ParseManagementKey(*text);
}

void KeyFile::Take(const absl::StatusOr<std::string>& key) {
  if (!key.ok()) {
    if (!std::exchange(broken_, true)) {
      log_.Write(telemetry::LogLevel::kWarning,
                 "the key file cannot be used; the former key stays in force",
                 {{"path", path_}, {"error", key.status().message()}});
    }
    return;
  }
  broken_ = false;
  if (*key == credential_->management_key) return;
  Use(*key);
  log_.Write(telemetry::LogLevel::kInfo, "the management key has changed", {{"path", path_}});
}

void KeyFile::Use(const std::string& key) {
  log_.HideSecret(key);
  credential_ = std::make_shared<const amplitude::Credential>(amplitude::Credential{key});
}

}  // namespace mutexd::app
