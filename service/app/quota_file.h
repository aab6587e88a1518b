// The file in which the day's count of requests survives restarts and crashes:
// {"version": 1, "day": "2023-11-14", "counts": {"<fingerprint of a key>": 1234}}.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/quota.h"
#include "service/telemetry/log.h"

namespace mutexd::app {

// The text of the file, and what it says; the error says what is wrong with it.
std::string WriteDayCounts(const amplitude::DayCounts& counts);
absl::StatusOr<amplitude::DayCounts> ReadDayCounts(std::string text);

class QuotaFile {
 public:
  // The file `quota.json` of this directory, which must exist; the error says what is in the way.
  // Nobody else can open it as long as this lives: the lock is on `quota.lock` beside it. A file
  // that cannot be understood is moved to `quota.json.broken`, with a warning. `log` must outlive
  // this.
  static absl::StatusOr<std::unique_ptr<QuotaFile>> Open(const std::string& directory,
                                                         telemetry::Log& log);
  ~QuotaFile();
  QuotaFile(const QuotaFile&) = delete;
  QuotaFile& operator=(const QuotaFile&) = delete;

  // What the file held.
  const amplitude::DayCounts& counts() const { return counts_; }

  // Restores what the file held, and from now on writes the book's counts when they change: at
  // once, or 100 ms after the last time. On `loop`, which never waits for the disk. A write that
  // fails is a warning, one until it works again. All references must outlive this and the loop's
  // coroutines; the pool must be joined before this is destroyed.
  void Keep(amplitude::QuotaBook& book, amplitude::Clock& clock, asio::thread_pool& workers,
            const asio::any_io_executor& loop);

  // Writes the counts a last time, and blocks meanwhile. After Keep, when the loop runs no more.
  void WriteLast();

 private:
  struct Kept;

  QuotaFile(std::string path, int lock, telemetry::Log& log);

  void Load();
  void Changed();
  asio::awaitable<void> WriteChanges();
  absl::Status Replace(absl::string_view text) const;
  void Report(const absl::Status& status);

  const std::string path_;
  const int lock_;  // a descriptor
  telemetry::Log& log_;
  amplitude::DayCounts counts_;
  std::unique_ptr<Kept> kept_;  // since Keep
  bool failing_ = false;        // and a warning has been written
};

}  // namespace mutexd::app
