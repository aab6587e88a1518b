// Collects a response's body as it comes, and decompresses it. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

struct z_stream_s;

namespace mutexd::http {

class BodyCollector {
 public:
  // Stops at `max_bytes` of the decompressed body.
  explicit BodyCollector(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // To be called before the first Add, with the response's Content-Encoding and Content-Length (0:
  // unknown). False for an encoding that kAcceptEncoding does not name.
  bool Begin(absl::string_view encoding, std::size_t length);

  // Takes bytes as they came. False when there is no use for more: the body is truncated or broken.
  bool Add(absl::string_view data);

  // After the last byte: false when the body is broken, or cut within its compression.
  bool End() const { return !broken_ && (inflater_ == nullptr || inflated_to_end_ || bytes_ == 0); }

  bool truncated() const { return truncated_; }
  std::int64_t bytes_received() const { return bytes_; }  // still compressed
  std::string Take() { return std::move(body_); }

 private:
  struct FreeInflater {
    void operator()(z_stream_s* inflater) const;
  };

  void Append(absl::string_view plain);
  void Inflate(absl::string_view data);

  const std::size_t max_bytes_;
  std::unique_ptr<z_stream_s, FreeInflater> inflater_;  // null: the body is plain
  bool inflated_to_end_ = false;
  bool broken_ = false;
  bool truncated_ = false;
  std::int64_t bytes_ = 0;
  std::string body_;
};

// What Begin knows, for the request.
inline constexpr absl::string_view kAcceptEncoding = "gzip";

}  // namespace mutexd::http
