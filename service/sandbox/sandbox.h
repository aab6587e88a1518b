// An emulator of Amplitude's mutex-group endpoints on a real socket, for development and for tests.
//
// Stateful and faithful to what Amplitude documents; the headers of its parts say what had to be
// chosen because nothing is documented. Speaks HTTP/1.1, has threads of its own, and never calls
// back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/sandbox/access_keys.h"
#include "service/sandbox/faults.h"
#include "service/sandbox/quota_windows.h"

namespace mutexd::sandbox {

// A management key that an emulator without a list of keys accepts, as it does any "ampex_…".
inline constexpr absl::string_view kDefaultKey = "ampex_sandbox";

struct SandboxOptions {
  std::string host = "127.0.0.1";  // a numeric address, or "localhost"
  int port = 0;                    // 0: any free one
  bool allow_remote = false;       // hosts that are not loopback are refused unless set

  // The groups to begin with, unless a state file has others.
  bool sample_groups = true;  // see sample_groups.h
  int generated_groups = 0;   // so many more, of all sizes; up to kMaxGeneratedGroups

  // Where the groups are kept between runs; empty: nowhere. It is created when it does not exist.
  std::string state_file;

  std::vector<AccessKey> keys;          // empty: any that begins with "ampex_"
  std::vector<std::string> taken_keys;  // keys of flags, experiments and holdout groups
  QuotaLimits quota;
  int slot_index_base = 1;     // what the path calls a group's first slot: 0 or 1
  bool hide_archived = false;  // whether reads leave out archived groups
  absl::Duration write_visibility_lag;
  FaultOptions faults;
  std::size_t max_body_bytes = std::size_t{4} << 20;
};

inline constexpr int kMaxGeneratedGroups = 100'000;

class Sandbox {
 public:
  // Listens when it returns. INVALID_ARGUMENT for an option out of its range; FAILED_PRECONDITION
  // for a port or a state file in use; DATA_LOSS for a state file that is not one, which is left
  // alone.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Start(SandboxOptions options);

  ~Sandbox();  // stops
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // The base URL, such as "http://127.0.0.1:40123".
  std::string url() const;

  // How many groups there are, archived ones included.
  std::int64_t group_count() const;

  // Ends within about a second, whatever clients do. May be called again.
  void Stop();

 private:
  struct Parts;
  explicit Sandbox(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace mutexd::sandbox
