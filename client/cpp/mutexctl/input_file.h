// A group as people write it, in YAML or JSON:
//
//   project_id: 5678
//   name: Checkout
//   slots:
//     - percentage: 40
//       experiments: [123, 124]
//     - percentage: 60
//
// Field names are those of the API (`experiment_ids`), also in lowerCamelCase (`bucketingKey`), and
// the short ones of Amplitude's own API: `project`, `experiments`, `holdouts`. Numbers may be
// quoted, texts may look like numbers, a single member may stand for a list, a percentage may end
// in `%`, and the evaluation mode is `remote` or `local`. Times and the state, which a group has on
// output, are passed over, so that what mutexctl prints can be read again.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group.pb.h"

namespace mutexgroups::ctl {

struct InputGroup {
  v1::MutexGroup group;

  // The top-level fields that the file mentions, by their names in the API: an empty text in the
  // file is not the same as none.
  std::set<std::string> fields;
};

// Reads a file's text. The error lists everything that is wrong, each with `source`, the line and
// the field: `group.yaml:4: slots[1].percentage (slot 2): expected a whole number, found "many"`.
absl::StatusOr<InputGroup> ParseGroup(std::string_view text, std::string_view source);

// Reads `path`, or standard input through `in` where it is "-". Over 1 MiB is an error.
absl::StatusOr<InputGroup> ReadGroupFile(const std::string& path, std::istream& in);

}  // namespace mutexgroups::ctl
