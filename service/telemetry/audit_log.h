// The audit trail: a line in a file for every attempt to write, on the disk before its caller is
// answered. docs/audit.md says what operators can rely on.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <asio/any_io_executor.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/rpc/write_trail.h"
#include "service/telemetry/audit_file.h"
#include "service/telemetry/log.h"
#include "service/telemetry/metrics.h"

namespace mutexd::telemetry {

struct AuditLogOptions {
  std::string version;  // for the line that tells of the start

  // How long after a failure the next attempt to write follows.
  std::chrono::milliseconds retry_interval = std::chrono::seconds(1);

  // How long the disk may take before writes are refused instead of waiting for it.
  std::chrono::milliseconds patience = std::chrono::seconds(5);

  // The most that lines of refused attempts may take while they cannot be written. Those of writes
  // that were sent are kept in any case.
  std::size_t kept_bytes = 1 << 20;
};

// Writes on a thread of its own; what has come meanwhile is written, and forced to the disk, at
// once. From a failure on Prepare refuses, until a line has been written again; lines are kept in
// memory meanwhile, and those of writes that were sent stand in the log too.
class AuditLog final : public rpc::WriteTrail {
 public:
  // Begins with a line that it was opened: where that fails, it begins with refusing. Callbacks run
  // on `loop`. All references must outlive it.
  AuditLog(std::unique_ptr<AuditFile> file, asio::any_io_executor loop, Metrics& metrics, Log& log,
           AuditLogOptions options);
  ~AuditLog() override;  // writes what waits; calls no callbacks any more
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  asio::awaitable<absl::Status> Prepare() override;  // UNAVAILABLE/AUDIT_LOG_UNAVAILABLE
  void Keep(rpc::WriteRecord record, std::function<void()> kept) override;

  // Any thread. Opens the file anew by its name, which is also noticed without this.
  void Reopen();

 private:
  using Ready = std::function<void(absl::Status)>;
  struct Entry {
    rpc::WriteRecord record;
    std::function<void()> kept;
  };
  struct Line {
    std::string text;
    bool was_sent = false;      // of a write that may have changed something
    bool of_the_trail = false;  // tells of the trail itself: made anew when it is needed
  };
  // What the thread has been given.
  struct Tasks {
    bool reopen = false;
    std::vector<Entry> entries;
    std::vector<Ready> questions;

    bool empty() const { return !reopen && entries.empty() && questions.empty(); }
  };

  bool Hangs() const;
  void Give(const std::function<void(Tasks&)>& task);

  // On the thread.
  void Run();
  void Do(Tasks tasks);
  void WriteNew(std::vector<Entry> entries);
  void TryAgain();
  Line OpenedLine() const;
  bool Append(std::vector<Line>& lines);
  void Fail(const absl::Status& status);
  void KeepInMemory(std::vector<Line> lines);

  const std::unique_ptr<AuditFile> file_;
  const asio::any_io_executor loop_;
  Log& log_;
  const AuditLogOptions options_;
  prometheus::Counter& lines_;
  prometheus::Counter& failures_;
  prometheus::Counter& lost_lines_;
  prometheus::Gauge& writable_;
  prometheus::Gauge& waiting_;
  prometheus::Histogram& duration_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Tasks tasks_;        // guarded by mutex_
  bool stop_ = false;  // guarded by mutex_
  // When the thread began with what it does; 0 while it waits.
  std::atomic<std::chrono::steady_clock::rep> busy_since_ = 0;

  // Of the thread.
  absl::Status failure_;    // OK while lines can be written
  std::vector<Line> kept_;  // in the order of their outcomes
  std::size_t kept_bytes_ = 0;
  std::size_t lost_ = 0;
  std::chrono::steady_clock::time_point retry_at_;

  std::thread thread_;
};

}  // namespace mutexd::telemetry
