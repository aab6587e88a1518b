// The authorization policy, from a file that may change.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "service/app/watched_file.h"
#include "service/authz/policy.h"
#include "service/rpc/access_control.h"
#include "service/telemetry/log.h"

namespace mutexd::app {

// The policy in force is always one that could be read without a problem. On the event loop.
class PolicyFile {
 public:
  // The error, if the file has no policy now; it names the lines. `log` must outlive this.
  static absl::StatusOr<std::unique_ptr<PolicyFile>> Open(std::string path,
                                                          WatchedFile::ReadFile read_file,
                                                          telemetry::Log& log);

  const std::shared_ptr<const authz::Policy>& policy() const { return policy_; }

  // Gives every later policy to `access`, which must outlive this.
  void Govern(rpc::AccessControl& access) { access_ = &access; }

  WatchedFile& file() { return file_; }

 private:
  PolicyFile(std::string path, WatchedFile::ReadFile read_file, telemetry::Log& log);

  absl::Status Use(const std::string& text, bool changed);

  telemetry::Log& log_;
  WatchedFile file_;
  std::shared_ptr<const authz::Policy> policy_;
  rpc::AccessControl* access_ = nullptr;
};

}  // namespace mutexd::app
