// Loads configurations from literals.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/app/configuration.h"

namespace mutexd::app {

// What a person might start `mutexd` with; `files` stand for the file system. Where neither key nor
// sandbox matters, the environment has a key.
struct Given {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment = {{"AMPLITUDE_MANAGEMENT_KEY", "ampex_secret"}};
  std::map<std::string, std::string> files;
};

inline Configuration Load(const Given& given) {
  return LoadConfiguration({given.arguments, given.environment,
                            [&given](const std::string& path) -> absl::StatusOr<std::string> {
                              const auto file = given.files.find(path);
                              if (file == given.files.end()) {
                                return absl::NotFoundError(
                                    "cannot be read: No such file or directory");
                              }
                              return file->second;
                            }});
}

}  // namespace mutexd::app
