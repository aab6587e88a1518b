#include "service/telemetry/audit_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace mutexd::telemetry {
namespace {

FileIdentity IdentityIn(const struct stat& information) {
  return {information.st_dev, information.st_ino};
}

absl::Status Naming(absl::string_view path, const absl::Status& error) {
  return {error.code(),
          absl::StrCat("cannot write the audit log ", path, ": ", std::string(error.message()))};
}

}  // namespace

absl::StatusOr<int> FileCalls::Open(const std::string& path) {
  // Without O_NONBLOCK a pipe that nobody reads would hold us up; with it that is an error.
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
  if (file < 0) return absl::ErrnoToStatus(errno, "open");
  fcntl(file, F_SETFL, O_APPEND);
  return file;
}

void FileCalls::Close(int file) { close(file); }

absl::StatusOr<std::size_t> FileCalls::Write(int file, absl::string_view bytes) {
  while (true) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return absl::UnavailableError("write: nothing was written");
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "write");
  }
}

absl::Status FileCalls::Sync(int file) {
  if (fdatasync(file) == 0 || errno == EINVAL || errno == EROFS) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "fdatasync");
}

absl::StatusOr<FileIdentity> FileCalls::IdentityOf(int file) {
  struct stat information {};
  if (fstat(file, &information) != 0) return absl::ErrnoToStatus(errno, "fstat");
  return IdentityIn(information);
}

absl::StatusOr<FileIdentity> FileCalls::IdentityOf(const std::string& path) {
  struct stat information {};
  if (stat(path.c_str(), &information) != 0) return absl::ErrnoToStatus(errno, "stat");
  return IdentityIn(information);
}

std::uint64_t FileCalls::FreeBytes(int file) {
  struct statvfs disk {};
  const bool known = fstatvfs(file, &disk) == 0 && disk.f_blocks > 0;
  return known ? std::uint64_t{disk.f_bavail} * disk.f_frsize
               : std::numeric_limits<std::uint64_t>::max();
}

bool FileCalls::EndsWithLine(const std::string& path) {
  struct stat information {};
  if (stat(path.c_str(), &information) != 0 || !S_ISREG(information.st_mode)) return true;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() == std::ifstream::pos_type(0)) return true;
  file.seekg(-1, std::ios::end);
  return file.get() == '\n';
}

absl::StatusOr<std::unique_ptr<AuditFile>> AuditFile::Open(std::string path, FileCalls& calls) {
  std::unique_ptr<AuditFile> file(new AuditFile(std::move(path), calls));
  if (const absl::Status status = file->OpenIfClosed(); !status.ok()) {
    return Naming(file->path_, status);
  }
  return file;
}

AuditFile::~AuditFile() { Close(); }

absl::Status AuditFile::OpenIfClosed() {
  if (file_) return absl::OkStatus();
  // Looked at before it is opened, which makes it where it is not there.
  const bool inside_line = !calls_.EndsWithLine(path_);
  const absl::StatusOr<int> file = calls_.Open(path_);
  if (!file.ok()) return file.status();
  file_ = *file;
  const absl::StatusOr<FileIdentity> identity = calls_.IdentityOf(*file_);
  if (!identity.ok()) {
    Close();
    return identity.status();
  }
  identity_ = *identity;
  inside_line_ = inside_line;
  return absl::OkStatus();
}

// To the file that has the name now.
absl::Status AuditFile::Follow() {
  if (file_) {
    const absl::StatusOr<FileIdentity> named = calls_.IdentityOf(path_);
    if (!named.ok() || *named != identity_) Close();
  }
  return OpenIfClosed();
}

void AuditFile::Close() {
  if (!file_) return;
  calls_.Close(*file_);
  file_.reset();
}

absl::Status AuditFile::Ready() {
  if (const absl::Status status = Follow(); !status.ok()) return Naming(path_, status);
  if (calls_.FreeBytes(*file_) >= kRoom) return absl::OkStatus();
  return Naming(path_, absl::ResourceExhaustedError("the disk is nearly full"));
}

AuditFile::Appended AuditFile::Append(absl::Span<const std::string> lines) {
  if (const absl::Status status = Follow(); !status.ok()) return {0, Naming(path_, status)};
  const std::string text = absl::StrCat(inside_line_ ? "\n" : "", absl::StrJoin(lines, ""));
  const std::size_t first_line_at = inside_line_ ? 1 : 0;
  std::size_t written = 0;
  absl::Status status;
  while (status.ok() && written < text.size()) {
    const absl::StatusOr<std::size_t> count =
        calls_.Write(*file_, absl::string_view(text).substr(written));
    status = count.status();
    if (count.ok()) written += *count;
  }
  if (written > 0) inside_line_ = text[written - 1] != '\n';
  // What is not known to be on the disk counts as not written, and comes twice if it was.
  if (const absl::Status synced = calls_.Sync(*file_); !synced.ok()) {
    return {0, Naming(path_, synced)};
  }
  Appended result;
  std::size_t end = first_line_at;
  while (result.lines < lines.size() && end + lines[result.lines].size() <= written) {
    end += lines[result.lines++].size();
  }
  if (!status.ok()) result.status = Naming(path_, status);
  return result;
}

}  // namespace mutexd::telemetry
