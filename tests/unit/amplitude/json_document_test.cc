#include "service/amplitude/json_document.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace mutexd::amplitude {
namespace {

// What a text is read as, written again; the error where it is refused.
std::string Again(const std::string& text) {
  const auto parsed = JsonDocument::Parse(text);
  if (const auto* error = std::get_if<JsonError>(&parsed)) {
    return "byte " + std::to_string(error->offset) + ": " + error->problem;
  }
  return std::get<JsonDocument>(parsed).root().ToJson();
}

bool IsRefused(const std::string& text) {
  return std::holds_alternative<JsonError>(JsonDocument::Parse(text));
}

std::string Nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(JsonDocument, ReadsEveryKindOfValue) {
  for (const char* text : {"null", "true", "false", "0", "-1.5e3", "\"\"", "\"a\"", "[]", "{}",
                           "[1,[2,[]],{}]", R"({"a":{"b":[1]},"a":2,"":null})"}) {
    EXPECT_EQ(Again(text), text);
  }
  EXPECT_EQ(Again(" \r\n\t{ \"a\" : [ 1 , 2 ] } \n"), R"({"a":[1,2]})");
  EXPECT_EQ(Again(R"("\u0041\/\b\u00e9\ud83d\ude00")"), "\"A/\\bé😀\"");
}

TEST(JsonDocument, KeepsNumbersAsTheyAreWritten) {
  for (const char* number : {"1e3", "5.0", "1180591620717411303424", "-0", "1E-999", "0.10"}) {
    EXPECT_EQ(Again(number), number);
  }
}

TEST(JsonDocument, VisitsElementsAndMembersInOrder) {
  const auto parsed = JsonDocument::Parse(R"({"a":[1,[9],"x"],"b":{"c":[]},"a":3})");
  const JsonValue root = std::get<JsonDocument>(parsed).root();
  std::string seen;
  root.ForEachMember([&](absl::string_view name, JsonValue value) {
    seen += std::string(name) + ":" + value.ToJson() + ";";
    value.ForEachElement([&](JsonValue element) { seen += element.ToJson() + "|"; });
  });
  EXPECT_EQ(seen, R"(a:[1,[9],"x"];1|[9]|"x"|b:{"c":[]};a:3;)");
  root.ForEachElement([](JsonValue) { FAIL() << "an object has no elements"; });
}

TEST(JsonDocument, RefusesWhatIsNotJson) {
  for (const char* text : {"",           " ",
                           "{",          "[1,]",
                           "{\"a\":1,}", "{a:1}",
                           "'a'",        "[1 2]",
                           "01",         "+1",
                           ".5",         "1.",
                           "1e",         "NaN",
                           "Infinity",   "tru",
                           "\"a",        "\"\\x\"",
                           "\"\\u12\"",  "\"line\nbreak\"",
                           "[] []",      "[] // comment",
                           "\xFF",       "{\"a\"}",
                           "]",          "OK",
                           "<html>"}) {
    EXPECT_TRUE(IsRefused(text)) << text << " was read as " << Again(text);
  }
}

TEST(JsonDocument, ErrorsNameTheByte) {
  EXPECT_EQ(Again("[1,x]"), "byte 3: Invalid value");
  EXPECT_EQ(Again("\xEF\xBB\xBF[1,x]"), "byte 6: Invalid value");
}

TEST(JsonDocument, ANulByteDoesNotHideWhatFollows) {
  EXPECT_EQ(Again(std::string("[]\0[]", 5)), "byte 2: a NUL byte behind the value");
  EXPECT_TRUE(IsRefused(std::string("[]\0", 3)));
  EXPECT_TRUE(IsRefused(std::string("\"a\0b\"", 5)));
  EXPECT_EQ(Again(R"("a\u0000b")"), R"("a\u0000b")");
}

TEST(JsonDocument, NestingIsLimited) {
  EXPECT_EQ(Again(Nested(kMaxJsonDepth)), Nested(kMaxJsonDepth));
  EXPECT_EQ(Again(Nested(kMaxJsonDepth + 1)), "byte 65: nested over 64 levels");
  EXPECT_TRUE(IsRefused(Nested(100'000)));
  EXPECT_TRUE(IsRefused(std::string(100'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_TRUE(IsRefused(objects));
  // What has been closed does not count.
  std::string siblings = "[";
  for (int i = 0; i < 1000; ++i) siblings += "[[]],";
  EXPECT_FALSE(IsRefused(siblings + "[]]"));
}

TEST(JsonDocument, TextsAreValidUtf8) {
  EXPECT_EQ(Again("\"a\xFF"
                  "b\""),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(Again("{\"\xC3\":\"\xED\xA0\x80\"}"), "{\"\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"}");
}

TEST(JsonDocument, HalfASurrogatePairSpoilsOneCharacterOnly) {
  EXPECT_EQ(Again(R"(["\ud800","\udc00","\ud83d\ude00","\ud800\ud83d\ude00","\\ud800","\ud800x"])"),
            "[\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD\",\"😀\",\"\xEF\xBF\xBD😀\",\"\\\\ud800\","
            "\"\xEF\xBF\xBDx\"]");
  EXPECT_EQ(Again(R"({"\ud800":1})"), "{\"\xEF\xBF\xBD\":1}");
  // Mending one thing does not make another one right.
  EXPECT_TRUE(IsRefused(R"(["\ud800",x])"));
  EXPECT_TRUE(IsRefused(R"(["\ud800","\u12)"));
  EXPECT_TRUE(IsRefused(R"("\ud800)"));
  EXPECT_TRUE(IsRefused("[\"\\ud800\",\"\\"));
}

TEST(JsonDocument, ANumberThatNoDoubleHoldsIsANumber) {
  const std::string long_number = "1" + std::string(400, '0');
  for (const std::string& number : {std::string("1e400"), std::string("-1e309"), long_number,
                                    "-" + long_number + ".5", std::string("1e99999999999")}) {
    const auto parsed = JsonDocument::Parse("[1," + number + ",\"1e400\",2]");
    ASSERT_TRUE(std::holds_alternative<JsonDocument>(parsed)) << number;
    std::string kinds;
    std::get<JsonDocument>(parsed).root().ForEachElement(
        [&](JsonValue value) { kinds += std::string(JsonKindName(value.kind())) + ";"; });
    EXPECT_EQ(kinds, "a number;a number;a string;a number;") << number;
  }
  EXPECT_EQ(Again(R"([1e400,"1e400",5])").substr(7), R"("1e400",5])");
  EXPECT_TRUE(IsRefused("[1e400,]"));
}

TEST(JsonDocument, NamesKindsForMessages) {
  const auto parsed = JsonDocument::Parse(R"([null,true,false,1,"",[],{}])");
  std::string names;
  std::get<JsonDocument>(parsed).root().ForEachElement(
      [&](JsonValue value) { names += std::string(JsonKindName(value.kind())) + ", "; });
  EXPECT_EQ(names, "null, true, false, a number, a string, an array, an object, ");
}

}  // namespace
}  // namespace mutexd::amplitude
