// Messages cut down to what a line of the audit trail has room for.
#pragma once

#include <google/protobuf/message.h>

#include <cstddef>

#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexd::telemetry {

struct Clip {
  std::size_t members;     // of any list
  std::size_t text_bytes;  // of any text; what is cut off is told at its end
};

// Cuts all lists and texts of `message`, at any depth. Returns how many elements of lists it has
// dropped; `cut_texts` grows by the texts that were cut.
std::size_t ClipMessage(google::protobuf::Message& message, const Clip& clip,
                        std::size_t& cut_texts);

// Of the lists of slots that have more than `members` in one of the two groups, drops what both
// have: what was added and what was removed is left. Returns how many members it has dropped.
std::size_t KeepDifferences(::mutexgroups::v1::MutexGroup& before,
                            ::mutexgroups::v1::MutexGroup& after, std::size_t members);

}  // namespace mutexd::telemetry
