// The service's own management key, from a file that may change.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/key_source.h"
#include "service/telemetry/log.h"

namespace mutexd::app {

// The key in `text`, without white space around it. The error never shows the text.
absl::StatusOr<std::string> ParseManagementKey(absl::string_view text);

// Reads the file again every second and uses what it then holds. A file that cannot be read, or
// holds no key, leaves the former key in force, with a warning. On the event loop.
class KeyFile final : public amplitude::KeySource {
 public:
  using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

  // The error, if the file has no key now. `read_file` is called on other threads. `log` learns to
  // hide every key, and must outlive this.
  static absl::StatusOr<std::unique_ptr<KeyFile>> Open(std::string path, ReadFile read_file,
                                                       telemetry::Log& log);

  absl::StatusOr<std::shared_ptr<const amplitude::Credential>> CurrentKey() override {
    return credential_;
  }

  // Never returns unless cancelled. All references must outlive the coroutine.
  asio::awaitable<void> Watch(amplitude::Clock& clock, asio::thread_pool& workers);

 private:
  KeyFile(std::string path, ReadFile read_file, telemetry::Log& log)
      : path_(std::move(path)), read_file_(std::move(read_file)), log_(log) {}

  absl::StatusOr<std::string> Read() const;
  void Take(const absl::StatusOr<std::string>& key);
  void Use(const std::string& key);

  const std::string path_;
  const ReadFile read_file_;
  telemetry::Log& log_;
  std::shared_ptr<const amplitude::Credential> credential_;
  bool broken_ = false;  // and a warning has been written
};

}  // namespace mutexd::app
