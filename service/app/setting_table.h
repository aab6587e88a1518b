// The one table of settings: flags, environment variables, keys of the file, `--help`, the checks
// of each value and docs/configuration.md all come from it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "service/app/settings.h"

namespace mutexd::app {

struct Setting {
  enum class Kind { kSwitch, kValue, kList };
  enum Place : unsigned { kFlag = 1, kEnvironment = 2, kFile = 4, kEverywhere = 7 };

  absl::string_view name;          // `--name`, and the key in the file
  absl::string_view group;         // the heading in --help
  absl::string_view value_name;    // such as "ADDR"; empty for switches
  absl::string_view meaning;       // for people, without a full stop
  absl::string_view default_text;  // as a user would write it; empty: none
  Kind kind = Kind::kValue;
  unsigned places = kEverywhere;

  // Checks the values, one but for lists, and puts them into the settings. The error says what is
  // wrong and how to mend it.
  std::function<absl::Status(absl::Span<const std::string> texts, Settings& settings)> apply;

  // `MUTEXD_LISTEN`, but for the management key, whose name is Amplitude's.
  std::string EnvironmentName() const;
  bool is_secret() const;
};

// In the order of --help.
const std::vector<Setting>& SettingTable();

// The text of --help.
std::string HelpText();

}  // namespace mutexd::app
