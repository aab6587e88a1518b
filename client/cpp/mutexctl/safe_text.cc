#include "client/cpp/mutexctl/safe_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mutexgroups::ctl {
namespace {

constexpr char32_t kInvalid = 0xffffffff;

using Range = std::pair<char32_t, char32_t>;

// Characters that change what follows them on the screen instead of standing there.
constexpr std::array<Range, 9> kUnsafe = {{{0x00, 0x1f},
                                           {0x7f, 0x9f},
                                           {0x061c, 0x061c},
                                           {0x200e, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2066, 0x2069},
                                           {0xfeff, 0xfeff},
                                           {0xfff9, 0xfffb},
                                           {0xe0000, 0xe007f}}};

constexpr std::array<Range, 11> kZeroWidth = {{{0x00ad, 0x00ad},
                                               {0x0300, 0x036f},
                                               {0x0483, 0x0489},
                                               {0x0591, 0x05bd},
                                               {0x064b, 0x065f},
                                               {0x1ab0, 0x1aff},
                                               {0x1dc0, 0x1dff},
                                               {0x200b, 0x200d},
                                               {0x2060, 0x2060},
                                               {0x20d0, 0x20ff},
                                               {0xfe00, 0xfe0f}}};

constexpr std::array<Range, 13> kWide = {{{0x1100, 0x115f},
                                          {0x2e80, 0x303e},
                                          {0x3041, 0x33ff},
                                          {0x3400, 0x4dbf},
                                          {0x4e00, 0x9fff},
                                          {0xa000, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xfe30, 0xfe6f},
                                          {0xff00, 0xff60},
                                          {0xffe0, 0xffe6},
                                          {0x1f300, 0x1faff},
                                          {0x20000, 0x3fffd}}};

template <std::size_t N>
bool IsIn(const std::array<Range, N>& ranges, char32_t code_point) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return range.first <= code_point && code_point <= range.second;
  });
}

struct Character {
  char32_t code_point;  // kInvalid for a byte that does not belong to a character
  std::string_view bytes;
};

// The text's first character; `text` must not be empty.
Character First(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const Character invalid = {kInvalid, text.substr(0, 1)};
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, text.substr(0, 1)};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return invalid;
  char32_t code_point = lead & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    code_point = code_point << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kSmallest[length] || code_point > 0x10ffff || surrogate) return invalid;
  return {code_point, text.substr(0, length)};
}

// Calls `visit` with each character of the text.
template <typename Visit>
void ForEachCharacter(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto character = First(text);
    text.remove_prefix(character.bytes.size());
    visit(character);
  }
}

std::string EscapeForPeople(const Character& character) {
  switch (character.code_point) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case kInvalid:
      return absl::StrFormat("\\x%02x", static_cast<std::uint8_t>(character.bytes[0]));
    default:
      break;
  }
  const auto number = static_cast<std::uint32_t>(character.code_point);
  return number < 0x20 || number == 0x7f ? absl::StrFormat("\\x%02x", number)
                                         : absl::StrFormat("\\u%04x", number);
}

std::string EscapeForQuotes(const Character& character) {
  const auto number = static_cast<std::uint32_t>(character.code_point);
  if (number < 0x10000) return absl::StrFormat("\\u%04x", number);
  return absl::StrFormat("\\u%04x\\u%04x", 0xd800 + ((number - 0x10000) >> 10),
                         0xdc00 + ((number - 0x10000) & 0x3ff));
}

int Width(char32_t code_point) {
  if (IsIn(kZeroWidth, code_point)) return 0;
  return IsIn(kWide, code_point) ? 2 : 1;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  bool valid = true;
  ForEachCharacter(text, [&](const Character& c) { valid = valid && c.code_point != kInvalid; });
  return valid;
}

std::string Escaped(std::string_view text) {
  std::string result;
  ForEachCharacter(text, [&](const Character& character) {
    if (character.code_point == kInvalid || IsIn(kUnsafe, character.code_point)) {
      result += EscapeForPeople(character);
    } else {
      result += character.bytes;
    }
  });
  return result;
}

std::string EscapedForQuotes(std::string_view text) {
  std::string result;
  ForEachCharacter(text, [&](const Character& character) {
    if (IsIn(kUnsafe, character.code_point)) {
      result += EscapeForQuotes(character);
    } else {
      result += character.bytes;
    }
  });
  return result;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  ForEachCharacter(text, [&](const Character& character) { width += Width(character.code_point); });
  return width;
}

std::string Fitted(std::string_view text, int width, bool unicode) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const std::string_view ellipsis = unicode ? "…" : width >= 6 ? "..." : "~";
  const int room = width - DisplayWidth(ellipsis);
  std::string result;
  int used = 0;
  bool full = false;
  ForEachCharacter(text, [&](const Character& character) {
    full = full || used + Width(character.code_point) > room;
    if (full) return;
    used += Width(character.code_point);
    result += character.bytes;
  });
  return result.append(ellipsis);
}

}  // namespace mutexgroups::ctl
