// A JSON text that is read while it is visited: one pass, and nothing is kept of it.
//
// For replies whose fields go into messages, which takes half as long as by way of a JsonDocument.
// It reads what JsonDocument reads, and just so: nesting is limited to kMaxJsonDepth, numbers stay
// as they were written, texts are valid UTF-8 whatever the bytes were. A text that turns out not to
// be JSON is known as such at its end only; JsonDocument says where and why.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "service/amplitude/json_document.h"

namespace mutexd::amplitude {

class JsonStreamValue;

class JsonStream {
 public:
  // So many bytes behind a text are looked at, and must be zero.
  static constexpr std::size_t kPadding = 16;

  // A leading byte order mark is skipped. The text must outlive the stream.
  explicit JsonStream(absl::string_view padded_text);
  JsonStream(const JsonStream&) = delete;
  JsonStream& operator=(const JsonStream&) = delete;

  // Calls `visit(const JsonStreamValue&)` for the value that the text is. Returns whether all of
  // the text is JSON; when it is not, what was visited means nothing. Call once.
  template <typename Visitor>
  bool Read(Visitor visit);

 private:
  friend class JsonStreamValue;

  JsonStreamValue ReadValue();
  absl::string_view ReadString(std::string& decoded);
  absl::string_view ReadOddString(const char* begin, std::string& decoded);
  bool AppendUnicodeEscape(std::string& decoded);
  absl::string_view ReadNumber();
  static bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
  bool Enter(const char* begin);
  void Leave() { --depth_; }
  void Finish(const JsonStreamValue& value);
  bool TakeWord(absl::string_view word);
  bool Take(char wanted);
  char Next();
  void Fail();

  const char* at_;
  const char* end_;
  int depth_ = 0;
  bool failed_ = false;
  // Texts that do not stand in the JSON as they are.
  std::string decoded_name_;
  std::string decoded_text_;
};

// A value at the moment of its visit, and not longer; so are its texts.
class JsonStreamValue {
 public:
  JsonKind kind() const { return kind_; }
  bool Is(JsonKind wanted) const { return kind_ == wanted; }

  // Of a string, what it says; of a number, how it is written. Empty for other kinds.
  absl::string_view text() const { return text_; }

  // Calls `visit(const JsonStreamValue& element)` for each element of an array; for other kinds
  // never. Of this and the next two, one may be called, and once.
  template <typename Visitor>
  void ForEachElement(Visitor visit) const;

  // Calls `visit(absl::string_view name, const JsonStreamValue& value)` for each member of an
  // object, in order and repeated names included; for other kinds never. The name is there until
  // the value is visited.
  template <typename Visitor>
  void ForEachMember(Visitor visit) const;

  // text(), or the JSON of a value of another kind, without white space.
  std::string TextOrJson() const;

 private:
  friend class JsonStream;

  JsonStreamValue(JsonStream& stream, JsonKind kind, absl::string_view text)
      : stream_(stream), kind_(kind), text_(text), begin_(stream.at_) {}

  bool IsContainer() const { return kind_ == JsonKind::kArray || kind_ == JsonKind::kObject; }
  void Skip() const;

  JsonStream& stream_;
  JsonKind kind_;
  absl::string_view text_;
  const char* begin_;  // of an array or object: behind its bracket
};

// -- implementation

template <typename Visitor>
bool JsonStream::Read(Visitor visit) {
  const JsonStreamValue root = ReadValue();
  if (!failed_) visit(root);
  Finish(root);
  Next();
  return !failed_ && at_ == end_;
}

// The first byte behind white space; at the end, 0.
inline char JsonStream::Next() {
  if (*at_ > ' ') return *at_;
  while (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t') ++at_;
  return *at_;
}

inline bool JsonStream::Take(char wanted) {
  if (Next() != wanted) return false;
  ++at_;
  return true;
}

inline void JsonStream::Fail() {
  failed_ = true;
  at_ = end_;  // where nothing can be read
}

// What the string says whose quote has been read. Where it is neither a part of the JSON nor
// ASCII, it is put into `decoded`.
inline absl::string_view JsonStream::ReadString(std::string& decoded) {
  const char* const begin = at_;
  const char* at = begin;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(' ');
  for (;; at += 16) {
    __m128i bytes;
    __builtin_memcpy(&bytes, at, sizeof bytes);
    // Below a space, as signed numbers, are control characters and what is not ASCII.
    const __m128i special =
        _mm_or_si128(_mm_cmplt_epi8(bytes, space),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (found == 0) continue;
    at += std::countr_zero(found);
    break;
  }
#else
  while (static_cast<signed char>(*at) >= ' ' && *at != '"' && *at != '\\') ++at;
#endif
  at_ = at;
  if (*at != '"') return ReadOddString(begin, decoded);
  ++at_;
  return absl::string_view(begin, static_cast<std::size_t>(at - begin));
}

inline absl::string_view JsonStream::ReadNumber() {
  const char* const begin = at_;
  const char* at = begin;
  const auto take_digits = [&at] {
    const char* const first = at;
    while (IsDigit(*at)) ++at;
    return at != first;
  };
  bool valid = true;
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else {
    valid = take_digits();
  }
  if (*at == '.') {
    ++at;
    valid = take_digits() && valid;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    valid = take_digits() && valid;
  }
  at_ = at;
  if (!valid) Fail();
  return absl::string_view(begin, static_cast<std::size_t>(at - begin));
}

// Texts and numbers are read, arrays and objects only their bracket.
[[gnu::always_inline]] inline JsonStreamValue JsonStream::ReadValue() {
  switch (const char first = Next(); first) {
    case '"':
      ++at_;
      return {*this, JsonKind::kString, ReadString(decoded_text_)};
    case '[':
      ++at_;
      return {*this, JsonKind::kArray, {}};
    case '{':
      ++at_;
      return {*this, JsonKind::kObject, {}};
    case 't':
      if (!TakeWord("true")) break;
      return {*this, JsonKind::kTrue, {}};
    case 'f':
      if (!TakeWord("false")) break;
      return {*this, JsonKind::kFalse, {}};
    case 'n':
      if (!TakeWord("null")) break;
      return {*this, JsonKind::kNull, {}};
    default:
      if (first != '-' && !IsDigit(first)) break;
      return {*this, JsonKind::kNumber, ReadNumber()};
  }
  Fail();
  return {*this, JsonKind::kNull, {}};
}

// Begins to visit what is inside the brackets.
inline bool JsonStream::Enter(const char* begin) {
  if (at_ == begin && ++depth_ <= kMaxJsonDepth) return true;
  Fail();
  return false;
}

// Reads on to the end of a value that has been visited.
inline void JsonStream::Finish(const JsonStreamValue& value) {
  if (value.IsContainer() && at_ == value.begin_ && !failed_) value.Skip();
}

template <typename Visitor>
void JsonStreamValue::ForEachElement(Visitor visit) const {
  if (kind_ != JsonKind::kArray || !stream_.Enter(begin_)) return;
  if (!stream_.Take(']')) {
    do {
      const JsonStreamValue element = stream_.ReadValue();
      visit(element);
      stream_.Finish(element);
    } while (stream_.Take(','));
    if (!stream_.Take(']')) return stream_.Fail();
  }
  stream_.Leave();
}

template <typename Visitor>
void JsonStreamValue::ForEachMember(Visitor visit) const {
  if (kind_ != JsonKind::kObject || !stream_.Enter(begin_)) return;
  if (!stream_.Take('}')) {
    do {
      if (!stream_.Take('"')) return stream_.Fail();
      const absl::string_view name = stream_.ReadString(stream_.decoded_name_);
      if (!stream_.Take(':')) return stream_.Fail();
      const JsonStreamValue value = stream_.ReadValue();
      visit(name, value);
      stream_.Finish(value);
    } while (stream_.Take(','));
    if (!stream_.Take('}')) return stream_.Fail();
  }
  stream_.Leave();
}

}  // namespace mutexd::amplitude
