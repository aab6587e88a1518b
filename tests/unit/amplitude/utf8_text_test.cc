#include "service/amplitude/utf8_text.h"

#include <gtest/gtest.h>

namespace mutexd::amplitude {
namespace {

std::string Valid(absl::string_view text) {
  std::string out = ">";
  AppendValidUtf8(text, out);
  return out.substr(1);
}

#define REPLACEMENT "\xEF\xBF\xBD"

TEST(Utf8Text, LeavesValidTextAlone) {
  for (const char* text : {"", "plain ascii of more than eight bytes", "é", "€", "😀", "aé€😀z",
                           "12345678é12345678", "\xF4\x8F\xBF\xBF", "\xEE\x80\x80"}) {
    EXPECT_EQ(Valid(text), text);
  }
  EXPECT_EQ(Valid(absl::string_view("a\0b", 3)), std::string("a\0b", 3));
}

TEST(Utf8Text, ReplacesEachBrokenSequenceByOneCharacter) {
  EXPECT_EQ(Valid("a\xFFz"), "a" REPLACEMENT "z");
  EXPECT_EQ(Valid("a\x80\x80z"), "a" REPLACEMENT REPLACEMENT "z");
  EXPECT_EQ(Valid("a\xC3z"), "a" REPLACEMENT "z");              // cut off
  EXPECT_EQ(Valid("a\xE2\x82"), "a" REPLACEMENT);               // cut off at the end
  EXPECT_EQ(Valid("a\xF0\x9F\x98z"), "a" REPLACEMENT "z");      // cut off
  EXPECT_EQ(Valid("a\xED\xA0\x80z"), "a" REPLACEMENT "z");      // surrogate
  EXPECT_EQ(Valid("a\xC0\x80z"), "a" REPLACEMENT "z");          // overlong
  EXPECT_EQ(Valid("a\xE0\x80\xAFz"), "a" REPLACEMENT "z");      // overlong
  EXPECT_EQ(Valid("a\xF0\x80\x80\xAFz"), "a" REPLACEMENT "z");  // overlong
  EXPECT_EQ(Valid("a\xF4\x90\x80\x80z"), "a" REPLACEMENT "z");  // over U+10FFFF
  EXPECT_EQ(Valid("a\xF8\x88\x80\x80z"), "a" REPLACEMENT "z");  // no lead byte
}

TEST(Utf8Text, ClipsBetweenCharacters) {
  EXPECT_EQ(ClipUtf8("abc", 5), "abc");
  EXPECT_EQ(ClipUtf8("abc", 3), "abc");
  EXPECT_EQ(ClipUtf8("abc", 2), "ab");
  EXPECT_EQ(ClipUtf8("aé", 2), "a");
  EXPECT_EQ(ClipUtf8("😀😀", 7), "😀");
  EXPECT_EQ(ClipUtf8("😀", 3), "");
  EXPECT_EQ(ClipUtf8("abc", 0), "");
}

}  // namespace
}  // namespace mutexd::amplitude
