// Bytes that many have a part in.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

// They are written once, by the one who makes them, and freed with the last copy of this.
class SharedBytes {
 public:
  // None, which is another thing than no bytes.
  SharedBytes() = default;

  // `write` fills the `size` bytes that it is given.
  template <typename Write>
  static SharedBytes Make(std::size_t size, Write write) {
    std::shared_ptr<char[]> bytes = std::make_shared_for_overwrite<char[]>(size);
    write(bytes.get());
    return SharedBytes(std::move(bytes), size);
  }

  explicit operator bool() const { return bytes_ != nullptr; }
  absl::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }

 private:
  SharedBytes(std::shared_ptr<const char[]> bytes, std::size_t size)
      : bytes_(std::move(bytes)), size_(size) {}

  std::shared_ptr<const char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace mutexd::amplitude
