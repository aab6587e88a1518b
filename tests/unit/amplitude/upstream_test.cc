#include "service/amplitude/upstream.h"

#include <gtest/gtest.h>

namespace mutexd::amplitude {
namespace {

TEST(Upstream, RegionsHaveTheirOwnHosts) {
  EXPECT_EQ(UpstreamOf(Region::kUs).base_url, "https://experiment.amplitude.com");
  EXPECT_EQ(UpstreamOf(Region::kUs).name, "region us");
  EXPECT_EQ(UpstreamOf(Region::kEu).base_url, "https://experiment.eu.amplitude.com");
  EXPECT_EQ(UpstreamOf(Region::kEu).name, "region eu");
}

TEST(Upstream, AUrlIsNamedByItsHost) {
  EXPECT_EQ(UpstreamAt("http://127.0.0.1:8080").name, "host 127.0.0.1:8080");
  EXPECT_EQ(UpstreamAt("https://proxy.example.com/amplitude/v1").name, "host proxy.example.com");
  EXPECT_EQ(UpstreamAt("https://user:secret@proxy.example.com/x").name, "host proxy.example.com");
  EXPECT_EQ(UpstreamAt("http://[::1]:80/").name, "host [::1]:80");
}

TEST(Upstream, AUrlKeepsItsPathPrefixWithoutSlashesAtTheEnd) {
  EXPECT_EQ(UpstreamAt("https://example.com/amplitude//").base_url,
            "https://example.com/amplitude");
  EXPECT_EQ(UpstreamAt("https://example.com/").base_url, "https://example.com");
}

}  // namespace
}  // namespace mutexd::amplitude
