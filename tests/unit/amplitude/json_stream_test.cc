#include "service/amplitude/json_stream.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mutexd::amplitude {
namespace {

// What is visited, in a notation that tells everything apart.
void Describe(const JsonStreamValue& value, std::string& out) {
  absl::StrAppend(&out, "<", JsonKindName(value.kind()), " ", value.text().size(), " ",
                  value.text());
  value.ForEachElement([&](const JsonStreamValue& element) { Describe(element, out); });
  if (value.Is(JsonKind::kObject)) {
    value.ForEachMember([&](absl::string_view name, const JsonStreamValue& member) {
      absl::StrAppend(&out, "[", name, "]");
      Describe(member, out);
    });
  }
  out += ">";
}

void Describe(const JsonValue& value, std::string& out) {
  absl::StrAppend(&out, "<", JsonKindName(value.kind()), " ", value.text().size(), " ",
                  value.text());
  value.ForEachElement([&](const JsonValue& element) { Describe(element, out); });
  value.ForEachMember([&](absl::string_view name, const JsonValue& member) {
    absl::StrAppend(&out, "[", name, "]");
    Describe(member, out);
  });
  out += ">";
}

// A text with the padding that a stream wants, in a block of its own that sanitizers watch.
class Padded {
 public:
  explicit Padded(const std::string& text) : size_(text.size()), bytes_(text) {
    bytes_.append(JsonStream::kPadding, '\0');
    bytes_.shrink_to_fit();
  }
  absl::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::size_t size_;
  std::string bytes_;
};

// Nothing where the text is refused.
std::optional<std::string> Streamed(const std::string& text) {
  const Padded padded(text);
  JsonStream stream(padded.text());
  std::string out;
  if (!stream.Read([&](const JsonStreamValue& root) { Describe(root, out); })) return std::nullopt;
  return out;
}

std::optional<std::string> Skipped(const std::string& text) {
  const Padded padded(text);
  JsonStream stream(padded.text());
  if (!stream.Read([](const JsonStreamValue&) {})) return std::nullopt;
  return "";
}

std::optional<std::string> AsDocument(const std::string& text) {
  const auto parsed = JsonDocument::Parse(text);
  const auto* document = std::get_if<JsonDocument>(&parsed);
  if (document == nullptr) return std::nullopt;
  std::string out;
  Describe(document->root(), out);
  return out;
}

std::string Nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

const std::string kSamples[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1.5e3",
    "1E+9",
    "5.0",
    "1180591620717411303424",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    " \r\n\t{ \"a\" : [ 1 , 2 ] } \n",
    "[1,[2,[]],{}]",
    R"({"a":{"b":[1]},"a":2,"":null})",
    R"("\u0041\/\b\f\n\r\t\\\"\u00e9\ud83d\ude00\u0000z")",
    R"({"\u0041\n":"sixteen bytes or more, and \u00FC behind them"})",
    "\"exactly 16 bytes\"",
    "\"fifteen bytes..\"",
    "\"0123456789abcdef0123456789abcdef\"",
    "\"Grüße, 世界 😀\"",
    "\"a\xFF"
    "b\"",
    "{\"\xC3\":\"\xED\xA0\x80\"}",
    "\"\xC3\\u00a9\"",
    R"(["\ud800","\udc00","\ud83d\ude00","\ud800\ud83d\ude00","\\ud800","\ud800x"])",
    R"({"\ud800":1})",
    R"(["\ud800",x])",
    R"(["\ud800","\u12)",
    R"("\ud800)",
    R"("\ud800\u)",
    R"("\ud800\udc0)",
    "[\"\\ud800\",\"\\",
    "\xEF\xBB\xBF[1,2]",
    "\xEF\xBB\xBF[1,x]",
    "\xEF\xBB",
    "",
    " ",
    "{",
    "[",
    "[1",
    "[1,]",
    "[,1]",
    "{\"a\":1,}",
    "{\"a\":}",
    "{\"a\"}",
    "{\"a\":1",
    "{a:1}",
    "{1:1}",
    "'a'",
    "[1 2]",
    "01",
    "-",
    "-a",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "NaN",
    "Infinity",
    "t",
    "tru",
    "truex",
    "nul",
    "\"a",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\",
    "\"line\nbreak\"",
    "[] []",
    "[]]",
    "[}",
    "{]",
    "[] // comment",
    "\xFF",
    "]",
    "OK",
    "<html>",
    std::string("[]\0[]", 5),
    std::string("[]\0", 3),
    std::string("\"a\0b\"", 5),
    Nested(kMaxJsonDepth),
    Nested(kMaxJsonDepth + 1),
    std::string(100'000, '['),
    "[" + Nested(3) + "," + Nested(kMaxJsonDepth - 1) + "]",
};

TEST(JsonStream, ReadsWhatADocumentReads) {
  for (const std::string& sample : kSamples) {
    EXPECT_EQ(Streamed(sample), AsDocument(sample)) << sample.substr(0, 100);
  }
}

TEST(JsonStream, WhatIsNotVisitedMustBeJsonAsWell) {
  for (const std::string& sample : kSamples) {
    EXPECT_EQ(Skipped(sample).has_value(), AsDocument(sample).has_value()) << sample.substr(0, 100);
  }
}

TEST(JsonStream, ReadsWhatADocumentReadsWhateverIsBroken) {
  std::mt19937 random(1);  // NOLINT: the same every time
  constexpr char kBytes[] = " \"\\{}[]:,0123456789.eE+-utrfalsn\0\x7F\x80\xC3\xED\xFF";
  const absl::string_view bytes(kBytes, sizeof kBytes - 1);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = kSamples[random() % 40];
    for (auto changes = random() % 3; changes > 0 && !text.empty(); --changes) {
      const std::size_t at = random() % text.size();
      const char byte = bytes[random() % bytes.size()];
      if (random() % 2 == 0) {
        text[at] = byte;
      } else {
        text.insert(at, 1, byte);
      }
    }
    const auto expected = AsDocument(text);
    // What a document has in the place of a number that no double holds.
    if (expected && absl::StrContains(*expected, "300>")) continue;
    if (expected) ++read;
    ASSERT_EQ(Streamed(text), expected) << text;
  }
  EXPECT_GT(read, 5'000);
}

// A document, whose numbers pass through a parser that takes them for doubles, does not.
TEST(JsonStream, KeepsNumbersThatNoDoubleHolds) {
  EXPECT_EQ(Streamed("1e400"), "<a number 5 1e400>");
  EXPECT_EQ(Streamed("[-1e99999999999]"), "<an array 0 <a number 14 -1e99999999999>>");
}

TEST(JsonStream, WritesValuesThatAreNoTexts) {
  const Padded padded(R"([ "a\n" , 1.50, null, true , false, { "b" : [ 1 , "\u00e9" ] } , [ ] ])");
  JsonStream stream(padded.text());
  std::string written;
  EXPECT_TRUE(stream.Read([&](const JsonStreamValue& root) {
    root.ForEachElement([&](const JsonStreamValue& element) {
      absl::StrAppend(&written, element.TextOrJson(), ";");
    });
  }));
  EXPECT_EQ(written, "a\n;1.50;null;true;false;{\"b\":[1,\"é\"]};[];");
}

TEST(JsonStream, VisitsOnlyWhatAKindHas) {
  const Padded padded(R"({"a":[1],"b":{"c":2}})");
  JsonStream stream(padded.text());
  std::string seen;
  EXPECT_TRUE(stream.Read([&](const JsonStreamValue& root) {
    root.ForEachElement([](const JsonStreamValue&) { FAIL() << "an object has no elements"; });
    root.ForEachMember([&](absl::string_view name, const JsonStreamValue& value) {
      value.ForEachElement([&](const JsonStreamValue&) { absl::StrAppend(&seen, name, "[]"); });
    });
  }));
  EXPECT_EQ(seen, "a[]");
}

}  // namespace
}  // namespace mutexd::amplitude
