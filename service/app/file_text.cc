#include "service/app/file_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace mutexd::app {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20;

absl::Status CannotRead(int error) {
  return absl::UnavailableError(absl::StrCat("cannot be read: ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::string> ReadFileText(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return CannotRead(errno);
  const auto closer = absl::MakeCleanup([&] { close(file); });
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t count = read(file, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return CannotRead(errno);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kLargest) return absl::OutOfRangeError("is larger than 1 MiB");
  }
}

}  // namespace mutexd::app
