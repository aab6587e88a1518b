// Merges flags, environment and file into the settings that take effect: a flag beats the
// environment, which beats the file, which beats the default.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/app/settings.h"

namespace mutexd::app {

struct ConfigurationSources {
  std::vector<std::string> arguments;              // without the program's name
  std::map<std::string, std::string> environment;  // the whole of it
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
};

struct Configuration {
  Settings settings;
  std::vector<EffectiveValue> values;  // in the order of SettingTable()

  // All that is wrong, each a sentence that names setting, value, origin and remedy. The rest is
  // meaningful only when there are none.
  std::vector<std::string> problems;

  // Sentences about what is probably a mistake.
  std::vector<std::string> warnings;
};

// With --help or --version the rest is not checked.
Configuration LoadConfiguration(const ConfigurationSources& sources);

// The effective settings as a TOML file that would have the same effect, each with its origin. Has
// no secrets.
std::string DescribeConfiguration(const Configuration& configuration);

}  // namespace mutexd::app
