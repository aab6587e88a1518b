#include "service/http/body_collector.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "absl/strings/match.h"

namespace mutexd::http {
namespace {

// What a Content-Length may make us reserve before the bytes are there.
constexpr std::size_t kMaxReservedBody = std::size_t{8} << 20;

// Reserved beyond it, so that a reader that wants the body padded does not copy it.
constexpr std::size_t kBodySlack = 64;

constexpr int kGzipWindow = 16 + MAX_WBITS;  // 16: gzip's frame, and no other

}  // namespace

void BodyCollector::FreeInflater::operator()(z_stream_s* inflater) const {
  inflateEnd(inflater);
  delete inflater;
}

bool BodyCollector::Begin(absl::string_view encoding, std::size_t length) {
  if (absl::EqualsIgnoreCase(encoding, "gzip") || absl::EqualsIgnoreCase(encoding, "x-gzip")) {
    auto inflater = std::make_unique<z_stream_s>();
    if (inflateInit2(inflater.get(), kGzipWindow) != Z_OK) return false;
    inflater_.reset(inflater.release());
  } else if (!encoding.empty() && !absl::EqualsIgnoreCase(encoding, "identity")) {
    broken_ = true;
    return false;
  }
  body_.reserve(std::min({length, kMaxReservedBody, max_bytes_}) + kBodySlack);
  return true;
}

bool BodyCollector::Add(absl::string_view data) {
  bytes_ += static_cast<std::int64_t>(data.size());
  if (inflater_ == nullptr) {
    Append(data);
  } else {
    Inflate(data);
  }
  return !truncated_ && !broken_;
}

void BodyCollector::Append(absl::string_view plain) {
  const std::size_t room = max_bytes_ - body_.size();
  truncated_ = plain.size() > room;
  body_.append(plain.data(), std::min(plain.size(), room));
}

void BodyCollector::Inflate(absl::string_view data) {
  std::array<char, std::size_t{16} << 10> plain;
  inflater_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  inflater_->avail_in = static_cast<uInt>(data.size());
  // What follows the end of the compressed data is not of the body.
  while (!inflated_to_end_ && !truncated_) {
    inflater_->next_out = reinterpret_cast<Bytef*>(plain.data());
    inflater_->avail_out = static_cast<uInt>(plain.size());
    const int result = inflate(inflater_.get(), Z_NO_FLUSH);
    Append({plain.data(), plain.size() - inflater_->avail_out});
    inflated_to_end_ = result == Z_STREAM_END;
    if (result == Z_BUF_ERROR) return;  // needs more
    if (result != Z_OK && result != Z_STREAM_END) {
      broken_ = true;
      return;
    }
  }
}

}  // namespace mutexd::http
