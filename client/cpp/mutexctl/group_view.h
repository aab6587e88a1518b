// Groups as people read them in a terminal: a table of many, or one in detail.
#pragma once

#include <string>

#include "client/cpp/mutexctl/terminal.h"
#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexgroups::ctl {

// One line for each group, with its slots as a bar. Where `wanted` names an experiment, a holdout
// group or an individual, a column says which slots hold it. On a terminal long names are cut to
// its width; elsewhere, where other programs read, nothing is cut.
std::string GroupTable(const google::protobuf::RepeatedPtrField<v1::MutexGroup>& groups,
                       const v1::MutexGroupFilter& wanted, const Terminal& terminal);

// Every field that is set, the bar, and a line for each slot. Long lists of members are shortened.
std::string GroupDetail(const v1::MutexGroup& group, const Terminal& terminal);

}  // namespace mutexgroups::ctl
