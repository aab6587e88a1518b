#include "client/cpp/mutexctl/safe_text.h"

#include <gmock/gmock.h>

namespace mutexgroups::ctl {
namespace {

TEST(SafeText, KeepsWhatIsHarmless) {
  for (const char* text : {"", "Checkout", "Zürich – 東京", "👩‍💻", "a\\nb"}) {
    EXPECT_EQ(Escaped(text), text);
  }
}

TEST(SafeText, EscapesWhatMovesTheCursorOrTurnsTheText) {
  EXPECT_EQ(Escaped("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(Escaped("a\nb\r\tc\x7f"), "a\\nb\\r\\tc\\x7f");
  EXPECT_EQ(Escaped(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(Escaped("\u009b2J"), "\\u009b2J");
  EXPECT_EQ(Escaped("\u202egnp.exe"), "\\u202egnp.exe");
  EXPECT_EQ(Escaped("\u2066\u2028\ufeff"), "\\u2066\\u2028\\ufeff");
  EXPECT_EQ(Escaped("\U000e0041"), "\\ue0041");
}

TEST(SafeText, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(Escaped("a\xff"), "a\\xff");
  EXPECT_EQ(Escaped("\xc3"), "\\xc3");
  EXPECT_EQ(Escaped("\xc0\x80"), "\\xc0\\x80");           // overlong
  EXPECT_EQ(Escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(Escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_FALSE(IsUtf8("a\xff"));
  EXPECT_FALSE(IsUtf8("\xe2\x82"));
  EXPECT_TRUE(IsUtf8("a\n€😀"));
}

TEST(SafeText, EscapesForQuotesAsJsonDoes) {
  EXPECT_EQ(EscapedForQuotes("a\u009b\u202e\x7f"), "a\\u009b\\u202e\\u007f");
  EXPECT_EQ(EscapedForQuotes("\U000e0041"), "\\udb40\\udc41");
  EXPECT_EQ(EscapedForQuotes("é"), "é");
}

TEST(SafeText, KnowsWideAndZeroWidthCharacters) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("é"), 1);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("東京"), 4);
  EXPECT_EQ(DisplayWidth("😀"), 2);
}

TEST(SafeText, CutsToTheWidth) {
  EXPECT_EQ(Fitted("Checkout", 8, true), "Checkout");
  EXPECT_EQ(Fitted("Checkout", 7, true), "Checko…");
  EXPECT_EQ(Fitted("Checkout", 7, false), "Chec...");
  EXPECT_EQ(Fitted("Checkout", 3, false), "Ch~");
  EXPECT_EQ(Fitted("東京東京", 6, true), "東京…");
  EXPECT_EQ(Fitted("Checkout", 1, true), "…");
}

}  // namespace
}  // namespace mutexgroups::ctl
