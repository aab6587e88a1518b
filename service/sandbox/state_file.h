// The file in which an emulator keeps its groups between runs:
// {"version": 1, "mutexes": [the groups as in Amplitude's replies]}.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/sandbox/group_store.h"

namespace mutexd::sandbox {

class StateFile {
 public:
  // Claims the file, which need not exist, for this process: FAILED_PRECONDITION when another
  // emulator has it, as the two would undo each other's writes. The claim is a lock on PATH.lock.
  static absl::StatusOr<std::unique_ptr<StateFile>> Open(std::string path);

  // Gives up the claim.
  ~StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  // The groups; nullopt when the file does not exist. A file that cannot be understood is left as
  // it is, and the error says where it is wrong.
  absl::StatusOr<std::optional<std::vector<MutexGroup>>> Load() const;

  // Replaces the file as a whole: a reader, or a crash at any time, finds the old or the new.
  absl::Status Save(const std::vector<StoredGroup>& groups) const;

 private:
  StateFile(std::string path, int lock_fd);

  const std::string path_;
  const int lock_fd_;
};

}  // namespace mutexd::sandbox
