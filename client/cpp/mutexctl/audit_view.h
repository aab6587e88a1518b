// Lines of the audit trail as people read them.
#pragma once

#include <string>
#include <vector>

#include "client/cpp/mutexctl/audit_entry.h"
#include "client/cpp/mutexctl/slot_bar.h"

namespace mutexgroups::ctl {

// What differs, a line for each field or list: `slot 1 experiments +7 -8`, `name "a" -> "b"`.
// Times, authors and etags are left out. Escaped.
std::vector<std::string> GroupDifferences(const v1::MutexGroup& before, const v1::MutexGroup& after,
                                          BarStyle style);

// A line that says who did what and what came of it, and indented lines with what changed, or with
// what was asked for where that is not known to have happened.
std::string AuditText(const AuditEntry& entry, BarStyle style);

}  // namespace mutexgroups::ctl
