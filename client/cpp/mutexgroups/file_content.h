// Files that options name, read whole.
#pragma once

#include <optional>
#include <string>

namespace mutexgroups {

// Reads the file into `content`; gives why it cannot be read, such as "No such file or directory",
// or nothing where it could.
std::optional<std::string> ReadFile(const std::string& path, std::string& content);

}  // namespace mutexgroups
