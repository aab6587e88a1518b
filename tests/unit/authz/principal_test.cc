#include "service/authz/principal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::authz {
namespace {

using ::testing::HasSubstr;

bool Fits(absl::string_view pattern, const Principal& caller) {
  const auto parsed = ParsePrincipalPattern(pattern);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() && Matches(*parsed, caller);
}

TEST(Principal, IsNamedBySpiffeId) {
  const Principal caller{.spiffe_id = "spiffe://example.org/ns/shop/sa/web"};
  EXPECT_TRUE(Fits("spiffe://example.org/ns/shop/*", caller));
  EXPECT_TRUE(Fits("spiffe://example.org/*/sa/web", caller));
  EXPECT_FALSE(Fits("spiffe://example.org/ns/shop", caller));
  EXPECT_FALSE(Fits("spiffe://example.com/*", caller));
}

TEST(Principal, IsNamedByAnyOfItsDnsNamesInAnyCase) {
  const std::vector<std::string> names = {"a.Example.org", "b.internal"};
  const Principal caller{.dns_names = names};
  EXPECT_TRUE(Fits("dns:A.example.org", caller));
  EXPECT_TRUE(Fits("dns:*.internal", caller));
  EXPECT_FALSE(Fits("dns:c.internal", caller));
}

TEST(Principal, IsNamedBySubjectAndListenerExactly) {
  const Principal caller{.subject = "CN=deployer,O=Example", .listener = "local"};
  EXPECT_TRUE(Fits("subject:CN=deployer,*", caller));
  EXPECT_FALSE(Fits("subject:cn=deployer,*", caller));
  EXPECT_TRUE(Fits("listener:local", caller));
  EXPECT_FALSE(Fits("listener:loc", caller));
}

TEST(Principal, NamesOfOneKindNeverPassForAnother) {
  const std::vector<std::string> names = {"local", "spiffe://example.org/admin"};
  const Principal caller{.dns_names = names, .subject = "spiffe://example.org/admin"};
  EXPECT_FALSE(Fits("listener:local", caller));
  EXPECT_FALSE(Fits("spiffe://example.org/admin", caller));
  EXPECT_FALSE(Fits("listener:*", caller)) << "it came through no listener with a name";
}

TEST(Principal, WithoutANameIsAnonymousAndMustBeNamedSo) {
  const Principal nobody;
  EXPECT_TRUE(Fits("anonymous", nobody));
  for (const char* pattern : {"*", "dns:*", "subject:*", "listener:*", "spiffe://example.org/*"}) {
    EXPECT_FALSE(Fits(pattern, nobody)) << pattern;
  }
  const Principal somebody{.listener = "local"};
  EXPECT_TRUE(Fits("*", somebody));
  EXPECT_FALSE(Fits("anonymous", somebody));
}

TEST(Principal, PatternSaysItsKind) {
  for (const char* text : {"", "local", "example.org", "CN=a", "Anonymous", "spiffe:x", "*.org"}) {
    const auto parsed = ParsePrincipalPattern(text);
    EXPECT_THAT(parsed.status().message(), HasSubstr("does not say which kind")) << text;
  }
  EXPECT_THAT(ParsePrincipalPattern("dns:").status().message(), HasSubstr("has no name"));
}

TEST(Principal, TrustDomainIsWrittenOut) {
  EXPECT_THAT(ParsePrincipalPattern("spiffe://*/ns/shop").status().message(),
              HasSubstr("trust domain out"));
  EXPECT_THAT(ParsePrincipalPattern("spiffe://exam*").status().message(),
              HasSubstr("trust domain out"));
  EXPECT_THAT(ParsePrincipalPattern("spiffe:///ns").status().message(),
              HasSubstr("has no trust domain"));
}

TEST(Principal, NameIsNoPattern) {
  EXPECT_TRUE(ParsePrincipalName("dns:a.example.org").ok());
  EXPECT_TRUE(ParsePrincipalName("anonymous").ok());
  for (const char* text : {"*", "dns:*.example.org", "spiffe://example.org/*"}) {
    EXPECT_THAT(ParsePrincipalName(text).status().message(), HasSubstr("is a pattern")) << text;
  }
}

}  // namespace
}  // namespace mutexd::authz
