// A line of mutexd's audit trail (docs/audit.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexgroups::ctl {

// Texts are as in the file, unescaped; empty or zero where the line does not say.
struct AuditEntry {
  std::string event;  // "write", "opened", "lost"
  absl::Time time = absl::InfinitePast();
  std::string version;        // of "opened"
  std::int64_t attempts = 0;  // of "lost"

  // Of "write".
  std::string rpc_id;
  std::string caller;
  std::string peer;
  std::string method;
  std::string mutex_group_id;
  std::string code;
  std::string reason;
  std::string message;
  std::string request;  // as JSON
  int http_status = 0;
  bool write_sent = false;
  std::optional<v1::MutexGroup> before;
  std::optional<v1::MutexGroup> after;
  std::int64_t omitted_members = 0;
};

// The error says what is wrong with the line. Fields that this does not know are passed over.
absl::StatusOr<AuditEntry> ParseAuditLine(std::string_view line);

}  // namespace mutexgroups::ctl
