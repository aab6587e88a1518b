#include "service/telemetry/audit_log.h"

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/telemetry/audit_line.h"

namespace mutexd::telemetry {
namespace {

using std::chrono::steady_clock;

absl::Status Refusal(absl::string_view why) {
  return amplitude::MakeError(
      absl::StatusCode::kUnavailable, amplitude::v1::ERROR_REASON_AUDIT_LOG_UNAVAILABLE,
      absl::StrCat("writes are refused, as the audit trail cannot be written: ", why,
                   "; nothing was sent to Amplitude, and reads go on"));
}

}  // namespace

AuditLog::AuditLog(std::unique_ptr<AuditFile> file, asio::any_io_executor loop, Metrics& metrics,
                   Log& log, AuditLogOptions options)
    : file_(std::move(file)),
      loop_(std::move(loop)),
      log_(log),
      options_(std::move(options)),
      lines_(metrics.AddCounter("mutexd_audit_lines_total", "Lines written to the audit log.")
                 .Add({})),
      failures_(metrics
                    .AddCounter("mutexd_audit_failures_total",
                                "Failed attempts to write to the audit log.")
                    .Add({})),
      lost_lines_(metrics
                      .AddCounter("mutexd_audit_lines_lost_total",
                                  "Refused attempts to write of which the audit log has no line.")
                      .Add({})),
      writable_(metrics
                    .AddGauge("mutexd_audit_writable",
                              "1 while the audit log can be written, 0 while writes are refused.")
                    .Add({})),
      waiting_(metrics
                   .AddGauge("mutexd_audit_lines_waiting",
                             "Lines kept in memory until the audit log can be written.")
                   .Add({})),
      duration_(metrics
                    .AddHistogram("mutexd_audit_write_duration_seconds",
                                  "How long it took to get lines to the audit log's disk.")
                    .Add({}, DurationBuckets())) {
  tasks_.reopen = true;
  thread_ = std::thread([this] { Run(); });
}

AuditLog::~AuditLog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

asio::awaitable<absl::Status> AuditLog::Prepare() {
  if (Hangs()) co_return Refusal("the disk does not answer");
  auto ask = [this](auto handler) {
    // A std::function must be copyable.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    Give([&](Tasks& tasks) {
      tasks.questions.emplace_back(
          [shared](absl::Status status) { std::move (*shared)(std::move(status)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(absl::Status)>(
      std::move(ask), asio::use_awaitable);
}

void AuditLog::Keep(rpc::WriteRecord record, std::function<void()> kept) {
  Give([&](Tasks& tasks) { tasks.entries.push_back({std::move(record), std::move(kept)}); });
}

void AuditLog::Reopen() {
  Give([](Tasks& tasks) { tasks.reopen = true; });
}

void AuditLog::Give(const std::function<void(Tasks&)>& task) {
  {
    const std::lock_guard lock(mutex_);
    task(tasks_);
  }
  changed_.notify_one();
}

bool AuditLog::Hangs() const {
  const steady_clock::rep since = busy_since_.load();
  if (since == 0) return false;
  return steady_clock::now().time_since_epoch() - steady_clock::duration(since) > options_.patience;
}

void AuditLog::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto has_tasks = [this] { return stop_ || !tasks_.empty(); };
    if (failure_.ok()) {
      changed_.wait(lock, has_tasks);
    } else {
      changed_.wait_until(lock, retry_at_, has_tasks);
    }
    if (stop_ && tasks_.empty()) break;
    Tasks tasks = std::exchange(tasks_, {});
    lock.unlock();
    busy_since_ = steady_clock::now().time_since_epoch().count();
    Do(std::move(tasks));
    busy_since_ = 0;
    lock.lock();
  }
  if (!kept_.empty()) TryAgain();
}

void AuditLog::Do(Tasks tasks) {
  if (tasks.reopen) {
    file_->Reopen();
    std::vector<Line> opened = {OpenedLine()};
    if (failure_.ok()) Append(opened);
  }
  if (!failure_.ok() && (tasks.reopen || steady_clock::now() >= retry_at_)) TryAgain();

  std::vector<std::function<void()>> callbacks;
  for (Entry& entry : tasks.entries) callbacks.push_back(std::move(entry.kept));
  if (!tasks.entries.empty()) WriteNew(std::move(tasks.entries));
  if (!tasks.questions.empty() && failure_.ok()) {
    if (const absl::Status ready = file_->Ready(); !ready.ok()) Fail(ready);
  }
  for (Ready& question : tasks.questions) {
    callbacks.emplace_back(
        [question = std::move(question),
         answer = failure_.ok() ? failure_ : Refusal(failure_.message())] { question(answer); });
  }
  if (callbacks.empty()) return;
  asio::post(loop_, [callbacks = std::move(callbacks)] {
    for (const auto& callback : callbacks) callback();
  });
}

void AuditLog::WriteNew(std::vector<Entry> entries) {
  std::vector<Line> lines;
  for (const Entry& entry : entries) {
    lines.push_back({log_.WithoutSecrets(AuditLine(entry.record)), entry.record.report.write_sent});
  }
  if (failure_.ok() && Append(lines)) return;
  for (const Line& line : lines) {
    if (!line.was_sent) continue;
    log_.Write(LogLevel::kError,
               "a write was made that the audit log does not show yet; its line is in this one",
               {{"audit_line", absl::string_view(line.text).substr(0, line.text.size() - 1)}});
  }
  KeepInMemory(std::move(lines));
}

// False where some could not be written, which are left in `lines`.
bool AuditLog::Append(std::vector<Line>& lines) {
  std::vector<std::string> texts;
  for (const Line& line : lines) texts.push_back(line.text);
  const steady_clock::time_point start = steady_clock::now();
  const AuditFile::Appended appended = file_->Append(texts);
  duration_.Observe(absl::ToDoubleSeconds(absl::FromChrono(steady_clock::now() - start)));
  lines_.Increment(static_cast<double>(appended.lines));
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(appended.lines));
  if (appended.status.ok()) {
    writable_.Set(1);
  } else {
    Fail(appended.status);
  }
  return lines.empty();
}

void AuditLog::Fail(const absl::Status& status) {
  failures_.Increment();
  if (failure_.ok()) {
    log_.Write(LogLevel::kError,
               "the audit log cannot be written: writes are refused until it can be again",
               {{"error", status.message()}});
  }
  writable_.Set(0);
  failure_ = status;
  retry_at_ = steady_clock::now() + options_.retry_interval;
}

AuditLog::Line AuditLog::OpenedLine() const {
  return {.text = AuditOpenedLine(absl::Now(), options_.version), .of_the_trail = true};
}

void AuditLog::KeepInMemory(std::vector<Line> lines) {
  for (Line& line : lines) {
    if (!line.was_sent && kept_bytes_ + line.text.size() > options_.kept_bytes) {
      ++lost_;
      lost_lines_.Increment();
      continue;
    }
    kept_bytes_ += line.text.size();
    kept_.push_back(std::move(line));
  }
  waiting_.Set(static_cast<double>(kept_.size()));
}

void AuditLog::TryAgain() {
  if (const absl::Status ready = file_->Ready(); !ready.ok()) {
    Fail(ready);
    return;
  }
  std::vector<Line> lines = std::move(kept_);
  if (lost_ > 0) lines.push_back({.text = AuditLostLine(absl::Now(), lost_), .of_the_trail = true});
  if (lines.empty()) lines.push_back(OpenedLine());
  const std::size_t count = lines.size();
  const bool complete = Append(lines);
  std::erase_if(lines, [](const Line& line) { return line.of_the_trail; });
  kept_bytes_ = 0;
  KeepInMemory(std::move(lines));
  if (!complete) return;
  failure_ = absl::OkStatus();
  lost_ = 0;
  log_.Write(LogLevel::kInfo, "the audit log can be written again", {{"lines", count}});
}

}  // namespace mutexd::telemetry
