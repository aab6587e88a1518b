#include "service/http/body_collector.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/gzip.h"

namespace mutexd::http {
namespace {

constexpr std::size_t kPlenty = 1 << 20;

TEST(BodyCollector, TakesAPlainBodyAsItComes) {
  BodyCollector body(kPlenty);
  ASSERT_TRUE(body.Begin("", 11));
  EXPECT_TRUE(body.Add("hello "));
  EXPECT_TRUE(body.Add("world"));
  EXPECT_TRUE(body.End());
  EXPECT_EQ(body.Take(), "hello world");
  EXPECT_EQ(body.bytes_received(), 11);
}

TEST(BodyCollector, DecompressesByteByByte) {
  const std::string plain(100'000, 'x');
  const std::string compressed = fakes::Gzip(plain);
  BodyCollector body(kPlenty);
  ASSERT_TRUE(body.Begin("gzip", compressed.size()));
  for (const char& byte : compressed) EXPECT_TRUE(body.Add({&byte, 1}));
  EXPECT_TRUE(body.End());
  EXPECT_EQ(body.Take(), plain);
  EXPECT_EQ(body.bytes_received(), static_cast<std::int64_t>(compressed.size()));
}

TEST(BodyCollector, KnowsAnEncodingInAnyCase) {
  BodyCollector body(kPlenty);
  ASSERT_TRUE(body.Begin("GZip", 0));
  EXPECT_TRUE(body.Add(fakes::Gzip("hello")));
  EXPECT_TRUE(body.End());
  EXPECT_EQ(body.Take(), "hello");
}

TEST(BodyCollector, RefusesEncodingsThatNobodyAskedFor) {
  for (const char* encoding : {"br", "zstd", "deflate", "gzip, gzip"}) {
    EXPECT_FALSE(BodyCollector(kPlenty).Begin(encoding, 0)) << encoding;
  }
}

TEST(BodyCollector, StopsAtItsSizeAndKeepsWhatFits) {
  BodyCollector body(5);
  ASSERT_TRUE(body.Begin("", 0));
  EXPECT_TRUE(body.Add("hello"));
  EXPECT_FALSE(body.truncated());
  EXPECT_FALSE(body.Add("!"));
  EXPECT_TRUE(body.truncated());
  EXPECT_EQ(body.Take(), "hello");
}

TEST(BodyCollector, StopsABodyThatGrowsByDecompression) {
  BodyCollector body(1000);
  ASSERT_TRUE(body.Begin("gzip", 0));
  EXPECT_FALSE(body.Add(fakes::Gzip(std::string(50'000'000, '\0'))));
  EXPECT_TRUE(body.truncated());
  EXPECT_EQ(body.Take().size(), 1000u);
}

TEST(BodyCollector, ReservesNoMoreThanItMayTake) {
  BodyCollector body(kPlenty);
  ASSERT_TRUE(body.Begin("", std::size_t{1} << 60));
  EXPECT_TRUE(body.Add("x"));
  EXPECT_LT(body.Take().capacity(), 2 * kPlenty);
}

TEST(BodyCollector, FindsBrokenCompression) {
  BodyCollector body(kPlenty);
  ASSERT_TRUE(body.Begin("gzip", 0));
  EXPECT_FALSE(body.Add("this is no gzip"));
  EXPECT_FALSE(body.End());
}

TEST(BodyCollector, FindsCompressionThatIsCut) {
  const std::string compressed = fakes::Gzip("hello");
  BodyCollector body(kPlenty);
  ASSERT_TRUE(body.Begin("gzip", 0));
  EXPECT_TRUE(body.Add({compressed.data(), compressed.size() - 4}));
  EXPECT_FALSE(body.End());
}

TEST(BodyCollector, AnEmptyBodyMayClaimToBeCompressed) {
  BodyCollector body(kPlenty);
  ASSERT_TRUE(body.Begin("gzip", 0));
  EXPECT_TRUE(body.End());
  EXPECT_EQ(body.Take(), "");
}

}  // namespace
}  // namespace mutexd::http
