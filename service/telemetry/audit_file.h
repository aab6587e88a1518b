// The file of the audit trail: whole lines are appended, and are on the disk when that has worked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace mutexd::telemetry {

// Which file it is, whatever its name.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

// The system calls that it takes: a seam, so that tests let them fail. Errors are errno's.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  // For appending, made with mode 0640 where it is not there; of no child process.
  virtual absl::StatusOr<int> Open(const std::string& path);
  virtual void Close(int file);
  // How many bytes were written: at least one, and perhaps not all.
  virtual absl::StatusOr<std::size_t> Write(int file, absl::string_view bytes);
  // Returns when everything is on the disk; OK too where that means nothing, as on a pipe.
  virtual absl::Status Sync(int file);
  virtual absl::StatusOr<FileIdentity> IdentityOf(int file);
  virtual absl::StatusOr<FileIdentity> IdentityOf(const std::string& path);
  // The bytes that are free on the disk; the most there are where nobody knows.
  virtual std::uint64_t FreeBytes(int file);
  // False where its last line has no end, as after a crash in the middle of it.
  virtual bool EndsWithLine(const std::string& path);
};

// One thread at a time.
class AuditFile {
 public:
  // Where less than this is free on the disk it counts as full.
  static constexpr std::uint64_t kRoom = 1 << 20;

  // Opens it. The error names the path. `calls` must outlive it.
  static absl::StatusOr<std::unique_ptr<AuditFile>> Open(std::string path, FileCalls& calls);
  ~AuditFile();
  AuditFile(const AuditFile&) = delete;
  AuditFile& operator=(const AuditFile&) = delete;

  // Whether lines could be appended now, as far as that can be told without doing so: the file
  // exists under its name, and the disk has room. Opens it anew where it was renamed or removed.
  absl::Status Ready();

  // Opens it anew at the next use.
  void Reopen() { Close(); }

  struct Appended {
    std::size_t lines = 0;  // so many of them, from the first, are on the disk
    absl::Status status;    // OK when that is all
  };
  // `lines` have their ends. A line that was written in part is made whole by nothing: it stays
  // behind in the file, ended, and the next call begins on a new line.
  Appended Append(absl::Span<const std::string> lines);

  const std::string& path() const { return path_; }

 private:
  AuditFile(std::string path, FileCalls& calls) : path_(std::move(path)), calls_(calls) {}

  absl::Status OpenIfClosed();
  absl::Status Follow();
  void Close();

  const std::string path_;
  FileCalls& calls_;
  std::optional<int> file_;
  FileIdentity identity_;     // of `file_`
  bool inside_line_ = false;  // the last line in the file has no end
};

}  // namespace mutexd::telemetry
