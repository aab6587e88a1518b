#include "service/amplitude/json_document.h"

// Reading with SSE2 looks up to 16 bytes past the end, which Parse provides for. The macro changes
// inline functions of the library, so this file has them in a namespace of its own: elsewhere in
// the program they are compiled without.
#define RAPIDJSON_NAMESPACE mutexd_rapidjson_padded
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/utf8_text.h"

namespace mutexd::amplitude {

namespace rapidjson = ::mutexd_rapidjson_padded;

namespace {

constexpr std::size_t kPadding = 16;
// What Node::begin can hold. Behind the text itself come texts that had to be mended, and U+FFFD is
// up to three times as long as what it replaces.
constexpr std::size_t kMaxTextsSize = (std::size_t{1} << 28) - 1;
constexpr std::size_t kMaxInputSize = kMaxTextsSize / 4 - 16;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Four hex digits at `offset`, or -1.
int HexAt(absl::string_view text, std::size_t offset) {
  if (offset + 4 > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(offset, 4)) {
    if (!absl::ascii_isxdigit(c)) return -1;
    const char lower = absl::ascii_tolower(c);
    value = value * 16 + (lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  return value;
}

bool IsHighSurrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLowSurrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// The end of the string whose first character is at `begin`. Half surrogate pairs on the way are
// overwritten by an escaped U+FFFD.
std::size_t MendString(std::string& text, std::size_t begin) {
  std::size_t i = begin;
  while (i < text.size() && text[i] != '"') {
    if (text[i] != '\\') {
      ++i;
      continue;
    }
    const int unit = i + 1 < text.size() && text[i + 1] == 'u' ? HexAt(text, i + 2) : -1;
    if (unit < 0) {
      i += 2;
    } else if (IsHighSurrogate(unit) && absl::string_view(text).substr(i + 6, 2) == "\\u" &&
               IsLowSurrogate(HexAt(text, i + 8))) {
      i += 12;
    } else {
      if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) text.replace(i, 6, "\\ufffd");
      i += 6;
    }
  }
  return i + 1;
}

// The end of the number at `begin`. One that a double cannot hold is overwritten by a fraction of
// the same length: no reader takes either for what it wants.
std::size_t MendNumber(std::string& text, std::size_t begin) {
  std::size_t end = text.find_first_not_of("+-.0123456789eE", begin);
  if (end == std::string::npos) end = text.size();
  const std::string number = text.substr(begin, end - begin);
  rapidjson::Reader reader;
  rapidjson::BaseReaderHandler<> ignore;
  std::string padded = number + std::string(kPadding, '\0');
  rapidjson::StringStream stream(padded.c_str());
  reader.Parse(stream, ignore);
  if (reader.GetParseErrorCode() == rapidjson::kParseErrorNumberTooBig) {
    text.replace(begin, number.size(), "1e" + std::string(number.size() - 5, '0') + "300");
  }
  return end;
}

// RapidJSON refuses a whole text for two things that spoil one value only: half a surrogate pair,
// and a number that no double can hold. Both are made harmless without moving anything.
void Mend(std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      i = MendString(text, i + 1);
    } else if (text[i] == '-' || absl::ascii_isdigit(text[i])) {
      i = MendNumber(text, i);
    } else {
      ++i;
    }
  }
}

}  // namespace

// Receives RapidJSON's events. Texts are decoded where they stand, and nodes point there.
class JsonDocumentBuilder {
 public:
  // `text` is what will be read, with its padding.
  explicit JsonDocumentBuilder(absl::string_view text) {
    document_.texts_.assign(text.data(), text.size());
    document_.nodes_.reserve(text.size() / 12);
  }

  char* text() { return document_.texts_.data(); }

  bool Null() { return Add(JsonKind::kNull); }
  bool Bool(bool value) { return Add(value ? JsonKind::kTrue : JsonKind::kFalse); }
  bool RawNumber(const char* text, unsigned size, bool) {
    // Where texts are decoded in place, some versions of RapidJSON give the number's end, behind
    // which no digit can stand.
    const bool is_begin = *text == '-' || absl::ascii_isdigit(*text);
    return Add(JsonKind::kNumber, OffsetOf(is_begin ? text : text - size), size);
  }
  bool String(const char* text, unsigned size, bool) {
    const absl::string_view view(text, size);
    if (IsAscii(view)) return Add(JsonKind::kString, OffsetOf(text), size);
    const std::size_t begin = mended_.size();
    AppendValidUtf8(view, mended_);
    return Add(JsonKind::kString, document_.texts_.size() + begin, mended_.size() - begin);
  }
  bool Key(const char* text, unsigned size, bool copy) { return String(text, size, copy); }
  bool StartObject() { return Open(JsonKind::kObject); }
  bool EndObject(unsigned) { return Close(); }
  bool StartArray() { return Open(JsonKind::kArray); }
  bool EndArray(unsigned) { return Close(); }

  // Numbers come as RawNumber.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  JsonDocument Take() {
    document_.texts_ += mended_;
    return std::move(document_);
  }

 private:
  bool Add(JsonKind kind, std::size_t begin = 0, std::size_t size = 0) {
    JsonDocument::Node node;
    node.kind = kind;
    node.begin = static_cast<std::uint32_t>(begin) & kMaxTextsSize;
    node.size = static_cast<std::uint32_t>(size);
    document_.nodes_.push_back(node);
    return true;
  }

  std::size_t OffsetOf(const char* text) const {
    return static_cast<std::size_t>(text - document_.texts_.data());
  }

  bool Open(JsonKind kind) {
    if (open_.size() >= kMaxJsonDepth) return false;
    open_.push_back(document_.nodes_.size());
    return Add(kind);
  }

  bool Close() {
    document_.nodes_[open_.back()].size = static_cast<std::uint32_t>(document_.nodes_.size());
    open_.pop_back();
    return true;
  }

  JsonDocument document_;
  std::string mended_;  // texts that are not ASCII, to stand behind the others
  std::vector<std::size_t> open_;
};

namespace {

// Reads padded `text`, whose first byte stands at `offset` of the whole and whose end without the
// padding is `size`.
struct Attempt {
  rapidjson::ParseErrorCode code = rapidjson::kParseErrorNone;
  std::variant<JsonDocument, JsonError> result;
};

Attempt TryParse(const std::string& text, std::size_t offset, std::size_t size) {
  Attempt attempt;
  JsonDocumentBuilder builder(absl::string_view(text).substr(offset));
  rapidjson::Reader reader;
  rapidjson::InsituStringStream stream(builder.text());
  // The builder stops at kMaxJsonDepth, which also bounds the reader's recursion.
  reader.Parse<rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseInsituFlag>(stream,
                                                                                    builder);
  attempt.code = reader.GetParseErrorCode();
  if (attempt.code == rapidjson::kParseErrorTermination) {
    attempt.result = JsonError{offset + reader.GetErrorOffset(),
                               absl::StrCat("nested over ", kMaxJsonDepth, " levels")};
  } else if (attempt.code != rapidjson::kParseErrorNone) {
    std::string problem = rapidjson::GetParseError_En(attempt.code);
    if (absl::EndsWith(problem, ".")) problem.pop_back();
    attempt.result = JsonError{offset + reader.GetErrorOffset(), std::move(problem)};
  } else if (offset + stream.Tell() < size) {
    // RapidJSON takes a NUL for the end.
    attempt.result = JsonError{offset + stream.Tell(), "a NUL byte behind the value"};
  } else {
    attempt.result = builder.Take();
  }
  return attempt;
}

}  // namespace

absl::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kFalse:
      return "false";
    case JsonKind::kTrue:
      return "true";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "";
}

std::variant<JsonDocument, JsonError> JsonDocument::Parse(std::string text) {
  const std::size_t size = text.size();
  if (size > kMaxInputSize) return JsonError{0, "too long"};
  const std::size_t offset = absl::StartsWith(text, kByteOrderMark) ? kByteOrderMark.size() : 0;
  text.append(kPadding, '\0');
  Attempt attempt = TryParse(text, offset, size);
  if (attempt.code == rapidjson::kParseErrorNumberTooBig ||
      attempt.code == rapidjson::kParseErrorStringUnicodeSurrogateInvalid) {
    Mend(text);
    attempt = TryParse(text, offset, size);
  }
  return std::move(attempt.result);
}

namespace {

void Write(const JsonValue& value, rapidjson::Writer<rapidjson::StringBuffer>& writer) {
  const absl::string_view text = value.text();
  const auto size = static_cast<unsigned>(text.size());
  switch (value.kind()) {
    case JsonKind::kNull:
      writer.Null();
      return;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      writer.Bool(value.Is(JsonKind::kTrue));
      return;
    case JsonKind::kNumber:
      writer.RawValue(text.data(), size, rapidjson::kNumberType);
      return;
    case JsonKind::kString:
      writer.String(text.data(), size);
      return;
    case JsonKind::kArray:
      writer.StartArray();
      value.ForEachElement([&](JsonValue element) { Write(element, writer); });
      writer.EndArray();
      return;
    case JsonKind::kObject:
      writer.StartObject();
      value.ForEachMember([&](absl::string_view name, JsonValue member) {
        writer.Key(name.data(), static_cast<unsigned>(name.size()));
        Write(member, writer);
      });
      writer.EndObject();
      return;
  }
}

}  // namespace

std::string JsonValue::ToJson() const {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  Write(*this, writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace mutexd::amplitude
