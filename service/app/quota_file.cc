#include "service/app/quota_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/this_coro.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "service/amplitude/json_document.h"
#include "service/amplitude/worker_pool.h"

namespace mutexd::app {
namespace {

using amplitude::DayCounts;
using amplitude::JsonKind;
using amplitude::JsonValue;
using telemetry::LogLevel;

constexpr absl::string_view kVersion = "1";
constexpr std::chrono::milliseconds kInterval(100);

absl::Status CannotUse(absl::string_view directory, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot use the state directory ", directory, ": ", why));
}

absl::Status WriteDurably(const std::string& path, absl::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", path));
  const auto closer = absl::MakeCleanup([&] { close(file); });
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
    }
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fsync(file) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

// Makes a rename in the folder of `path` survive a power cut.
void SyncFolder(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  fsync(directory);
  close(directory);
}

absl::Status ReadCount(absl::string_view fingerprint, JsonValue value, DayCounts& counts) {
  std::uint64_t key = 0;
  if (fingerprint.size() != 16 || !absl::SimpleHexAtoi(fingerprint, &key)) {
    return absl::InvalidArgumentError("a name in counts is not a fingerprint");
  }
  std::int64_t made = 0;
  if (!value.Is(JsonKind::kNumber) || !absl::SimpleAtoi(value.text(), &made) || made < 0) {
    return absl::InvalidArgumentError("a value in counts is not a count");
  }
  counts.made[key] = made;
  return absl::OkStatus();
}

}  // namespace

std::string WriteDayCounts(const DayCounts& counts) {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + counts.day;
  std::string text = absl::StrCat("{\"version\": ", kVersion, ", \"day\": \"",
                                  absl::FormatCivilTime(day), "\", \"counts\": {");
  for (const auto& [fingerprint, made] : counts.made) {
    absl::StrAppend(&text, text.back() == '{' ? "" : ", ", "\"",
                    absl::Hex(fingerprint, absl::kZeroPad16), "\": ", made);
  }
  absl::StrAppend(&text, "}}\n");
  return text;
}

absl::StatusOr<DayCounts> ReadDayCounts(std::string text) {
  const auto parsed = amplitude::JsonDocument::Parse(std::move(text));
  if (const auto* error = std::get_if<amplitude::JsonError>(&parsed)) {
    return absl::InvalidArgumentError(
        absl::StrCat("at byte ", error->offset, ": ", error->problem));
  }
  DayCounts counts;
  std::optional<absl::CivilDay> day;
  bool has_version = false;
  bool has_counts = false;
  absl::Status status;
  std::get<amplitude::JsonDocument>(parsed).root().ForEachMember(
      [&](absl::string_view name, JsonValue value) {
        if (name == "version") {
          has_version = value.Is(JsonKind::kNumber) && value.text() == kVersion;
        } else if (name == "day") {
          absl::CivilDay read;
          if (absl::ParseCivilTime(value.text(), &read)) day = read;
        } else if (name == "counts") {
          has_counts = value.Is(JsonKind::kObject);
          value.ForEachMember([&](absl::string_view fingerprint, JsonValue made) {
            status.Update(ReadCount(fingerprint, made, counts));
          });
        }
      });
  if (!has_version) return absl::InvalidArgumentError(absl::StrCat("version is not ", kVersion));
  if (!day) return absl::InvalidArgumentError("day is not a date");
  if (!has_counts) return absl::InvalidArgumentError("counts is not an object");
  if (!status.ok()) return status;
  counts.day = *day - absl::CivilDay(1970, 1, 1);
  return counts;
}

struct QuotaFile::Kept {
  amplitude::QuotaBook& book;
  amplitude::Clock& clock;
  asio::thread_pool& workers;
  const asio::any_io_executor loop;

  bool changed = false;  // since the last write began
  bool writing = false;  // or waiting to do so
  amplitude::MonotonicTime next_write = amplitude::MonotonicTime::min();  // the earliest
};

absl::StatusOr<std::unique_ptr<QuotaFile>> QuotaFile::Open(const std::string& directory,
                                                           telemetry::Log& log) {
  const std::string lock_path = absl::StrCat(directory, "/quota.lock");
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0 && errno == ENOENT) {
    return CannotUse(directory, "it does not exist; create it, or choose another");
  }
  if (lock < 0) {
    return CannotUse(directory, absl::StrCat(lock_path, ": ", std::strerror(errno),
                                             "; make it a directory that mutexd can write to"));
  }
  std::unique_ptr<QuotaFile> file(new QuotaFile(absl::StrCat(directory, "/quota.json"), lock, log));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return CannotUse(directory,
                     "another mutexd uses it; stop that, or choose a directory for each");
  }
  const std::string probe = absl::StrCat(file->path_, ".tmp");
  if (const absl::Status status = WriteDurably(probe, ""); !status.ok()) {
    return CannotUse(directory, absl::StrCat(std::string(status.message()),
                                             "; make it a directory that mutexd can write to"));
  }
  unlink(probe.c_str());
  file->Load();
  return file;
}

QuotaFile::QuotaFile(std::string path, int lock, telemetry::Log& log)
    : path_(std::move(path)), lock_(lock), log_(log) {}

QuotaFile::~QuotaFile() { close(lock_); }

void QuotaFile::Load() {
  if (access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return;
  std::ifstream stream(path_, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  auto counts = ReadDayCounts(std::move(text));
  if (counts.ok()) {
    counts_ = *std::move(counts);
    return;
  }
  const std::string aside = absl::StrCat(path_, ".broken");
  const bool moved = std::rename(path_.c_str(), aside.c_str()) == 0;
  log_.Write(LogLevel::kWarning, "the file of the day's quota is broken, and the count begins anew",
             {{"path", path_},
              {"error", counts.status().message()},
              {"moved_to", moved ? aside : std::string("nowhere; it will be replaced")}});
}

void QuotaFile::Keep(amplitude::QuotaBook& book, amplitude::Clock& clock,
                     asio::thread_pool& workers, const asio::any_io_executor& loop) {
  kept_.reset(new Kept{book, clock, workers, loop});
  book.Restore(counts_);
  book.NotifyOfChanges([this] { Changed(); });
}

void QuotaFile::Changed() {
  kept_->changed = true;
  if (std::exchange(kept_->writing, true)) return;
  asio::co_spawn(kept_->loop, WriteChanges(), asio::detached);
}

asio::awaitable<void> QuotaFile::WriteChanges() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (kept_->changed) {
    co_await kept_->clock.SleepUntil(kept_->next_write);
    kept_->changed = false;
    const std::string text = WriteDayCounts(kept_->book.Counts());
    const absl::Status status =
        co_await amplitude::RunOnPool(kept_->workers, [this, &text] { return Replace(text); });
    kept_->next_write = kept_->clock.MonotonicNow() + kInterval;
    Report(status);
  }
  kept_->writing = false;
}

void QuotaFile::WriteLast() { Report(Replace(WriteDayCounts(kept_->book.Counts()))); }

// As a whole: a reader, or a crash at any time, finds the old or the new. The lock makes the name
// of the temporary file ours.
absl::Status QuotaFile::Replace(absl::string_view text) const {
  const std::string temporary = absl::StrCat(path_, ".tmp");
  absl::Status status = WriteDurably(temporary, text);
  if (status.ok() && std::rename(temporary.c_str(), path_.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, absl::StrCat("cannot replace ", path_));
  }
  if (status.ok()) {
    SyncFolder(path_);
  } else {
    unlink(temporary.c_str());
  }
  return status;
}

void QuotaFile::Report(const absl::Status& status) {
  if (status.ok()) {
    if (std::exchange(failing_, false)) {
      log_.Write(LogLevel::kInfo, "the day's quota can be kept again", {{"path", path_}});
    }
  } else if (!std::exchange(failing_, true)) {
    log_.Write(LogLevel::kWarning,
               "the day's quota cannot be kept, and a restart would begin it anew",
               {{"path", path_}, {"error", status.message()}});
  }
}

}  // namespace mutexd::app
