// The service's own management key, from a file that may change.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/key_source.h"
#include "service/app/watched_file.h"
#include "service/telemetry/log.h"

namespace mutexd::app {

// The key in `text`, without white space around it. The error never shows the text.
absl::StatusOr<std::string> ParseManagementKey(absl::string_view text);

// Uses the key that the file holds: it is watched, and looked at when Amplitude rejects the key. A
// file that cannot be read, or holds no key, leaves the former key in force, with a warning. On the
// event loop.
class KeyFile final : public amplitude::KeySource {
 public:
  // The error, if the file has no key now. `read_file` is called on other threads. `log` learns to
  // hide every key, and must outlive this.
  static absl::StatusOr<std::unique_ptr<KeyFile>> Open(std::string path,
                                                       WatchedFile::ReadFile read_file,
                                                       telemetry::Log& log);

  absl::StatusOr<std::shared_ptr<const amplitude::Credential>> CurrentKey() override {
    return credential_;
  }

  asio::awaitable<void> Renew(asio::thread_pool& workers) override {
    return file_.LookNow(workers);
  }

  WatchedFile& file() { return file_; }

 private:
  KeyFile(std::string path, WatchedFile::ReadFile read_file, telemetry::Log& log);

  absl::Status Use(absl::string_view text, bool changed);

  telemetry::Log& log_;
  WatchedFile file_;
  std::shared_ptr<const amplitude::Credential> credential_;
};

}  // namespace mutexd::app
