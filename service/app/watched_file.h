// A file that may change while the service runs.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/amplitude/clock.h"
#include "service/telemetry/log.h"

namespace mutexd::app {

// Uses what the file holds, and once a second what it holds by then. A file that cannot be used
// leaves in force what was used last, with a warning each time that it is unusable in another way.
// On the event loop.
class WatchedFile {
 public:
  using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

  // Takes a text into use; the error, if that cannot be done, never shows a secret of it.
  // `changed`: another text was in use before.
  using Use = std::function<absl::Status(const std::string& text, bool changed)>;

  // `what` names the file in the log, such as "key file". `read_file` is called on other threads.
  // `log` must outlive this.
  WatchedFile(std::string what, std::string path, ReadFile read_file, Use use, telemetry::Log& log);

  // For the first time, on the caller's thread. The error, if the file cannot be used.
  absl::Status Open();

  // Reads on the caller's thread and uses on the event loop what `Read` has given: for those who
  // ask for the file to be looked at now. What was read later is never replaced by what was read
  // before.
  struct Look {
    std::uint64_t number;
    absl::StatusOr<std::string> text;
  };
  Look Read();
  void Take(Look look);

  // Looks now, by means of `workers`.
  asio::awaitable<void> LookNow(asio::thread_pool& workers);

  // Looks every second. Never returns unless cancelled. All references must outlive the coroutine.
  asio::awaitable<void> Watch(amplitude::Clock& clock, asio::thread_pool& workers);

  const std::string& path() const { return path_; }

 private:
  void Warn(absl::string_view problem);

  const std::string what_;
  const std::string path_;
  const ReadFile read_file_;
  const Use use_;
  telemetry::Log& log_;
  std::optional<std::string> in_use_;
  std::string problem_;  // of the last look; empty: none
  std::atomic<std::uint64_t> looks_begun_ = 0;
  std::uint64_t last_taken_ = 0;
};

}  // namespace mutexd::app
