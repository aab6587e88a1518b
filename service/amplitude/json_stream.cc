#include "service/amplitude/json_stream.h"

#include <cstdint>
#include <cstring>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "service/amplitude/utf8_text.h"

namespace mutexd::amplitude {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::uint32_t kReplacement = 0xFFFD;

// The number that four hex digits write, or -1. What is behind the text is zero, so none of it is
// looked at.
int FourHexDigits(const char* digits) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(digits[i]))) return -1;
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(digits[i]));
    value = value * 16 + (lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  return value;
}

bool IsHighSurrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLowSurrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

void AppendUtf8(std::uint32_t point, std::string& out) {
  const auto add = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto add_rest = [&](int shift) { add(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xC0 | (point >> 6));
    add_rest(0);
  } else if (point < 0x10000) {
    add(0xE0 | (point >> 12));
    add_rest(6);
    add_rest(0);
  } else {
    add(0xF0 | (point >> 18));
    add_rest(12);
    add_rest(6);
    add_rest(0);
  }
}

// What stands for `c` behind a backslash, or nothing (0).
char Unescaped(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

JsonStream::JsonStream(absl::string_view padded_text)
    : at_(padded_text.data()), end_(at_ + padded_text.size()) {
  if (absl::ConsumePrefix(&padded_text, kByteOrderMark)) at_ = padded_text.data();
}

bool JsonStream::TakeWord(absl::string_view word) {
  if (std::memcmp(at_, word.data(), word.size()) != 0) return false;
  at_ += word.size();
  return true;
}

// The rest of a string with escapes, or with characters that are not ASCII, or without an end; all
// before `at_` is plain.
absl::string_view JsonStream::ReadOddString(const char* begin, std::string& decoded) {
  decoded.assign(begin, at_);
  bool ascii = true;
  while (*at_ != '"') {
    const char c = *at_++;
    if (static_cast<unsigned char>(c) < ' ') {
      Fail();
      return {};
    }
    if (c != '\\') {
      decoded.push_back(c);
      ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    } else if (*at_ == 'u') {
      ++at_;
      if (!AppendUnicodeEscape(decoded)) {
        Fail();
        return {};
      }
    } else if (const char unescaped = Unescaped(*at_++); unescaped != 0) {
      decoded.push_back(unescaped);
    } else {
      Fail();
      return {};
    }
  }
  ++at_;
  if (!ascii) {
    std::string valid;
    AppendValidUtf8(decoded, valid);
    decoded = std::move(valid);
  }
  return decoded;
}

// What stands behind "\u". Half a surrogate pair becomes U+FFFD.
bool JsonStream::AppendUnicodeEscape(std::string& decoded) {
  const int unit = FourHexDigits(at_);
  if (unit < 0) return false;
  at_ += 4;
  auto point = static_cast<std::uint32_t>(unit);
  if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) {
    point = kReplacement;
    const int next = at_[0] == '\\' && at_[1] == 'u' ? FourHexDigits(at_ + 2) : -1;
    if (IsHighSurrogate(unit) && IsLowSurrogate(next)) {
      point = 0x10000 + ((static_cast<std::uint32_t>(unit) & 0x3FF) << 10) +
              (static_cast<std::uint32_t>(next) & 0x3FF);
      at_ += 6;
    }
  }
  AppendUtf8(point, decoded);
  return true;
}

void JsonStreamValue::Skip() const {
  ForEachElement([](const JsonStreamValue&) {});
  if (Is(JsonKind::kObject)) ForEachMember([](absl::string_view, const JsonStreamValue&) {});
}

std::string JsonStreamValue::TextOrJson() const {
  if (Is(JsonKind::kTrue)) return "true";
  if (Is(JsonKind::kFalse)) return "false";
  if (Is(JsonKind::kNull)) return "null";
  if (!IsContainer()) return std::string(text_);
  // Seldom asked for, so it is read a second time.
  const char* const begin = begin_ - 1;
  Skip();
  const auto parsed = JsonDocument::Parse(std::string(begin, stream_.at_));
  const auto* document = std::get_if<JsonDocument>(&parsed);
  return document == nullptr ? std::string() : document->root().ToJson();
}

}  // namespace mutexd::amplitude
