// The lines of the audit trail. docs/audit.md has their fields.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/rpc/write_trail.h"

namespace mutexd::telemetry {

// How much of a line's groups and request is kept.
struct AuditLimits {
  // Of one list. Where a list of a slot has more in the group before or after, only what the two do
  // not share is kept of it.
  std::size_t members = 1000;
  std::size_t text_bytes = 1024;       // of one text
  std::size_t line_bytes = 512 << 10;  // where a line would be longer, less of each list is kept
};

// An attempt to write, with the end of the line. JSON without control characters, whatever the
// texts hold.
std::string AuditLine(const rpc::WriteRecord& record, const AuditLimits& limits = {});

// The trail itself: it was opened, or `lost` refused attempts left no line.
std::string AuditOpenedLine(absl::Time time, absl::string_view version);
std::string AuditLostLine(absl::Time time, std::size_t lost);

}  // namespace mutexd::telemetry
