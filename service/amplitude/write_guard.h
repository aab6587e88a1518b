// Which groups the caller of a write may touch, where not all: a part of Call, asked by the use
// cases.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

class WriteGuard {
 public:
  virtual ~WriteGuard() = default;

  // Whether the caller may write a group with this key in this project.
  virtual bool Allows(absl::string_view key, std::int64_t project_id) const = 0;

  // Whether the caller may know which groups exist. Otherwise it must not learn it from errors.
  virtual bool MayRead() const = 0;

  // The error of a write that is not allowed. `group` says which one it was about, such as "this
  // mutex group", and tells no more of it than the caller knows.
  virtual absl::Status Denial(absl::string_view group) const = 0;
};

}  // namespace mutexd::amplitude
