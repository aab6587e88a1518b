// A disk in memory that fails when it is told to.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "service/telemetry/audit_file.h"

namespace mutexd::telemetry {

class FakeFileCalls final : public FileCalls {
 public:
  absl::StatusOr<int> Open(const std::string& path) override {
    const std::lock_guard lock(mutex);
    if (!can_open.ok()) return can_open;
    ++opened;
    if (!names.contains(path)) names[path] = std::make_shared<std::string>();
    open_files[next] = names[path];
    return next++;
  }
  void Close(int file) override {
    const std::lock_guard lock(mutex);
    open_files.erase(file);
  }
  absl::StatusOr<std::size_t> Write(int file, absl::string_view bytes) override {
    const std::lock_guard lock(mutex);
    if (room == 0) return absl::ResourceExhaustedError("No space left on device");
    const std::size_t count = std::min({bytes.size(), most_at_once, room});
    open_files.at(file)->append(bytes.data(), count);
    if (room != kNoLimit) room -= count;
    return count;
  }
  absl::Status Sync(int /*file*/) override {
    const std::lock_guard lock(mutex);
    ++syncs;
    return can_sync;
  }
  absl::StatusOr<FileIdentity> IdentityOf(int file) override {
    const std::lock_guard lock(mutex);
    return Identity(open_files.at(file));
  }
  absl::StatusOr<FileIdentity> IdentityOf(const std::string& path) override {
    const std::lock_guard lock(mutex);
    if (!names.contains(path)) return absl::NotFoundError("No such file or directory");
    return Identity(names[path]);
  }
  std::uint64_t FreeBytes(int /*file*/) override { return free_bytes; }
  bool EndsWithLine(const std::string& path) override {
    const std::lock_guard lock(mutex);
    return !names.contains(path) || names[path]->empty() || names[path]->back() == '\n';
  }

  std::string Text(const std::string& path) {
    const std::lock_guard lock(mutex);
    return names.contains(path) ? *names[path] : "";
  }
  void Rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex);
    names[to] = names[from];
    names.erase(from);
  }
  // Any thread.
  template <typename Change>
  void Set(Change change) {
    const std::lock_guard lock(mutex);
    change(*this);
  }

  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  absl::Status can_open;
  absl::Status can_sync;
  std::size_t room = kNoLimit;          // how many bytes fit on the disk
  std::size_t most_at_once = kNoLimit;  // written by one call
  std::uint64_t free_bytes = std::uint64_t{1} << 30;
  int opened = 0;
  int syncs = 0;

 private:
  using Content = std::shared_ptr<std::string>;
  static FileIdentity Identity(const Content& content) {
    return {1, reinterpret_cast<std::uint64_t>(content.get())};
  }

  std::mutex mutex;
  std::map<std::string, Content> names;
  std::map<int, Content> open_files;
  int next = 3;
};

}  // namespace mutexd::telemetry
