#include "mutexgroups/file_content.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace mutexgroups {

std::optional<std::string> ReadFile(const std::string& path, std::string& content) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "rb"),
                                                                &std::fclose);
  if (!file) return std::strerror(errno);
  content.clear();
  std::array<char, 4096> buffer;
  while (const auto count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    content.append(buffer.data(), count);
  }
  // A folder can be opened, and not read.
  if (std::ferror(file.get())) return std::strerror(errno);
  return std::nullopt;
}

}  // namespace mutexgroups
