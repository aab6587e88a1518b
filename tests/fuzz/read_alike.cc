#include "tests/fuzz/read_alike.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "service/amplitude/json_document.h"
#include "service/amplitude/json_stream.h"
#include "tests/fuzz/require.h"

namespace mutexd::fuzz {
namespace {

using amplitude::JsonDocument;
using amplitude::JsonKind;
using amplitude::JsonStream;

// Of a number its length is compared only: one that no double holds is replaced by another as long.
absl::string_view TextOf(JsonKind kind, absl::string_view text) {
  return kind == JsonKind::kNumber ? absl::string_view() : text;
}

template <typename Value>
void Describe(const Value& value, std::string& out) {
  absl::StrAppend(&out, "<", JsonKindName(value.kind()), " ", value.text().size(), " ",
                  TextOf(value.kind(), value.text()));
  if (value.Is(JsonKind::kArray)) {
    value.ForEachElement([&](const auto& element) { Describe(element, out); });
  } else if (value.Is(JsonKind::kObject)) {
    value.ForEachMember([&](absl::string_view name, const auto& member) {
      absl::StrAppend(&out, "[", name, "]");
      Describe(member, out);
    });
  }
  out += ">";
}

// Whether a run of what numbers are written with is certainly none, such as 1e5e5. One that begins
// with a number that no double holds, the reader of documents takes for a number all the same.
bool HasOddNumber(absl::string_view text) {
  constexpr absl::string_view kOfNumbers = "+-.0123456789eE";
  for (std::size_t begin = text.find_first_of(kOfNumbers); begin != absl::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_not_of(kOfNumbers, begin), text.size());
    const absl::string_view run = text.substr(begin, end - begin);
    const std::size_t exponent = run.find_first_of("eE");
    if (exponent != absl::string_view::npos &&
        run.find_first_of("eE.", exponent + 1) != absl::string_view::npos) {
      return true;
    }
    if (run.find_first_of("+-", 1) != absl::string_view::npos &&
        run.find_first_of("+-", 1) != exponent + 1) {
      return true;
    }
    begin = text.find_first_of(kOfNumbers, end);
  }
  return false;
}

}  // namespace

void RequireReadAlike(const std::string& text) {
  // RapidJSON 1.1 takes these control characters in a string or not, depending on their place.
  if (text.find_first_of("\x1a\x1b\x1c\x1d\x1e\x1f") != std::string::npos) return;
  if (HasOddNumber(text)) return;
  std::string padded = text;
  padded.append(JsonStream::kPadding, '\0');
  padded.shrink_to_fit();
  std::string streamed;
  JsonStream stream(absl::string_view(padded.data(), text.size()));
  const bool is_json = stream.Read([&](const auto& root) { Describe(root, streamed); });
  const auto parsed = JsonDocument::Parse(text);
  const auto* document = std::get_if<JsonDocument>(&parsed);
  MUTEXD_REQUIRE(is_json == (document != nullptr));
  if (document == nullptr) return;
  std::string read;
  Describe(document->root(), read);
  MUTEXD_REQUIRE(streamed == read);
}

}  // namespace mutexd::fuzz
