#include "tests/fakes/gzip.h"

#include <zlib.h>

#include <cstdlib>

namespace mutexd::fakes {

std::string Gzip(absl::string_view plain) {
  constexpr int kGzipWindow = 15 + 16;  // 16 asks zlib for gzip's frame
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    std::abort();
  }
  std::string input(plain);
  std::string output(deflateBound(&stream, input.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  output.resize(stream.total_out);
  deflateEnd(&stream);
  return output;
}

}  // namespace mutexd::fakes
