#include "service/sandbox/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/sandbox/group_json.h"
#include "service/sandbox/json_fields.h"

namespace mutexd::sandbox {
namespace {

constexpr int kVersion = 1;

// Replies carry ids as numbers, which many clients read as doubles.
constexpr std::int64_t kMaxGroupId = std::int64_t{1} << 53;

// An error of the operating system, from errno.
absl::Status SystemError(absl::string_view action, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", action, " ", path));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  std::string text;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count == 0) return text;
    if (count > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return SystemError("read", path);
    }
  }
}

absl::Status WriteDurably(const std::string& path, absl::string_view text) {
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.ok()) return SystemError("create", path);
  while (!text.empty()) {
    const ssize_t count = write(file.get(), text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return SystemError("write", path);
    }
  }
  if (fsync(file.get()) != 0) return SystemError("write", path);
  return absl::OkStatus();
}

// Makes a rename in the folder of `path` survive a crash.
absl::Status SyncFolder(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const FileDescriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() || fsync(directory.get()) != 0) return SystemError("write", folder);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MutexGroup>> ReadState(absl::string_view text) {
  const absl::StatusOr<rapidjson::Document> document = ParseJsonObject(text);
  if (!document.ok()) return document.status();
  absl::Status error;
  FieldReader reader(*document, "", Nulls::kAbsent, error);
  if (reader.Integer("version") != kVersion) {
    reader.Fail("version", absl::StrCat("must be ", kVersion));
  }
  const rapidjson::Value* mutexes = reader.Find("mutexes");
  if (mutexes == nullptr || !mutexes->IsArray()) reader.Fail("mutexes", "must be an array");
  if (!error.ok()) return error;

  std::vector<MutexGroup> groups;
  std::set<std::int64_t> ids;
  std::set<std::string> keys;
  for (const rapidjson::Value& value : mutexes->GetArray()) {
    const std::string path = reader.PathOf("mutexes", groups.size());
    const MutexGroup& group = groups.emplace_back(ReadGroup(value, path, error));
    if (group.id > kMaxGroupId) reader.Fail(path, "has an id over 2^53");
    if (!ids.insert(group.id).second) reader.Fail(path, "has the id of another group");
    if (!keys.insert(group.key).second) reader.Fail(path, "has the key of another group");
    if (!error.ok()) return error;
  }
  return groups;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateFile>> StateFile::Open(std::string path) {
  const std::string lock_path = absl::StrCat(path, ".lock");
  const int lock_fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_fd < 0) return SystemError("create", lock_path);
  if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    close(lock_fd);
    return absl::FailedPreconditionError(
        absl::StrCat("the state file ", path, " is in use by another sandbox"));
  }
  return std::unique_ptr<StateFile>(new StateFile(std::move(path), lock_fd));
}

StateFile::StateFile(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

StateFile::~StateFile() { close(lock_fd_); }

absl::StatusOr<std::optional<std::vector<MutexGroup>>> StateFile::Load() const {
  const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok() && errno == ENOENT) return std::optional<std::vector<MutexGroup>>();
  if (!file.ok()) return SystemError("read", path_);
  const absl::StatusOr<std::string> text = ReadAll(file.get(), path_);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<MutexGroup>> groups = ReadState(*text);
  if (!groups.ok()) {
    return absl::DataLossError(absl::StrCat(
        path_, " is not a state file of the sandbox: ", groups.status().message(),
        ". It was left as it is; mend it, or move it away to begin with the sample groups"));
  }
  return std::optional<std::vector<MutexGroup>>(*std::move(groups));
}

absl::Status StateFile::Save(const std::vector<StoredGroup>& groups) const {
  std::string text = absl::StrCat("{\"version\":", kVersion, ",\"mutexes\":[");
  for (const StoredGroup& group : groups) {
    absl::StrAppend(&text, group == groups.front() ? "\n" : ",\n", GroupToJson(*group));
  }
  text.append("\n]}\n");

  // The lock makes this name ours; it is in the same folder, since a rename does not cross disks.
  const std::string temporary = absl::StrCat(path_, ".tmp");
  if (absl::Status status = WriteDurably(temporary, text); !status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  if (std::rename(temporary.c_str(), path_.c_str()) != 0) {
    absl::Status status = SystemError("replace", path_);
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(path_);
}

}  // namespace mutexd::sandbox
