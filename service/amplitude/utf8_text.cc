#include "service/amplitude/utf8_text.h"

#include <cstdint>
#include <cstring>

namespace mutexd::amplitude {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The length of the run of ASCII at the start of `text`.
std::size_t AsciiPrefix(absl::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

struct Sequence {
  std::size_t size;
  bool valid;
};

// The sequence that begins with the byte, not ASCII, at the start of `text`.
Sequence NextSequence(absl::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  std::size_t size = 1;
  while (size < wanted && size < text.size() && IsContinuation(text[size])) ++size;
  if (size < wanted || lead < 0xC2 || lead > 0xF4) return {size, false};
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool too_large = lead == 0xF4 && second >= 0x90;
  return {size, !overlong && !surrogate && !too_large};
}

}  // namespace

bool IsAscii(absl::string_view text) { return AsciiPrefix(text) == text.size(); }

void AppendValidUtf8(absl::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t ascii = AsciiPrefix(text);
    out.append(text.data(), ascii);
    text.remove_prefix(ascii);
    if (text.empty()) return;
    const Sequence next = NextSequence(text);
    const absl::string_view added = next.valid ? text.substr(0, next.size) : kReplacement;
    out.append(added.data(), added.size());
    text.remove_prefix(next.size);
  }
}

absl::string_view ClipUtf8(absl::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && IsContinuation(text[max_bytes])) --max_bytes;
  return text.substr(0, max_bytes);
}

}  // namespace mutexd::amplitude
