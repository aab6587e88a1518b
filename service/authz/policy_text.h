// A policy as it is written: TOML, by the schema of docs/authorization.md.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/authz/policy.h"

namespace mutexd::authz {

struct ParsedPolicy {
  Policy policy;

  // All that is wrong, each "PATH:LINE: what is wrong; the remedy". The policy is meaningful only
  // when there are none.
  std::vector<std::string> problems;

  // What is probably a mistake, in sentences of the same form.
  std::vector<std::string> warnings;
};

// `path` names the file in problems and warnings.
ParsedPolicy ParsePolicy(absl::string_view text, absl::string_view path);

}  // namespace mutexd::authz
