#include "service/authz/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace mutexd::authz {
namespace {

TEST(Glob, WithoutAStarIsTheTextItself) {
  EXPECT_TRUE(GlobMatches("checkout", "checkout"));
  EXPECT_FALSE(GlobMatches("checkout", "checkout-2"));
  EXPECT_FALSE(GlobMatches("checkout-2", "checkout"));
  EXPECT_FALSE(GlobMatches("Checkout", "checkout"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("", "a"));
}

TEST(Glob, StarStandsForAnyCharacters) {
  EXPECT_TRUE(GlobMatches("checkout-*", "checkout-"));
  EXPECT_TRUE(GlobMatches("checkout-*", "checkout-eu/2.b"));
  EXPECT_FALSE(GlobMatches("checkout-*", "checkout"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("*.example.org", "a.b.example.org"));
  EXPECT_FALSE(GlobMatches("*.example.org", "example.org"));
  EXPECT_FALSE(GlobMatches("*.example.org", "a.example.org.evil.net"));
  EXPECT_TRUE(GlobMatches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(GlobMatches("a*b*c", "a-c-b"));
  EXPECT_TRUE(GlobMatches("**a**", "bab"));
}

TEST(Glob, OtherSignsStandForThemselves) {
  EXPECT_FALSE(GlobMatches("a.c", "abc"));
  EXPECT_FALSE(GlobMatches("a?c", "abc"));
  EXPECT_TRUE(GlobMatches("[a-c]", "[a-c]"));
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace mutexd::authz
