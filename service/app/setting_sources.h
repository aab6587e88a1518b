// The three places that settings come from, each read into the same form.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/app/settings.h"

namespace mutexd::app {

struct GivenValue {
  std::vector<std::string> texts;  // one but for lists
  Origin origin;
};

// What one place has to say.
struct GivenSettings {
  std::map<absl::string_view, GivenValue> values;  // by the setting's name
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

GivenSettings ReadFlags(const std::vector<std::string>& arguments);

// Variables that begin with MUTEXD_ and are no settings are warned of, not refused: Kubernetes
// makes such variables for every service of that name.
GivenSettings ReadEnvironment(const std::map<std::string, std::string>& environment);

// `path` names the file in origins and problems.
GivenSettings ReadFile(absl::string_view text, absl::string_view path);

}  // namespace mutexd::app
