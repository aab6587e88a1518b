#include "service/http/http2_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace mutexd::http {
namespace {

using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> FieldsOf(const HttpRequest& request) {
  const Http2Fields fields(request, "mutexd/1");
  std::vector<std::pair<std::string, std::string>> result;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const nghttp2_nv& field = fields.data()[i];
    result.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                        std::string(reinterpret_cast<char*>(field.value), field.valuelen));
  }
  return result;
}

TEST(Http2Fields, SplitTheUrl) {
  const struct {
    const char* url;
    const char* authority;
    const char* path;
  } cases[] = {
      {"https://a.example", "a.example", "/"},
      {"https://a.example/", "a.example", "/"},
      {"https://a.example:8443/x/../y?z=1&w=%20", "a.example:8443", "/x/../y?z=1&w=%20"},
      {"https://a.example?z=1", "a.example", "/?z=1"},
      {"https://a.example/x#y", "a.example", "/x"},
      {"https://a.example#y", "a.example", "/"},
      {"HTTPS://[::1]:443/x?/", "[::1]:443", "/x?/"},
  };
  for (const auto& one : cases) {
    const auto fields = FieldsOf({.url = one.url});
    EXPECT_THAT(fields, Contains(Pair(":authority", one.authority))) << one.url;
    EXPECT_THAT(fields, Contains(Pair(":path", one.path))) << one.url;
    EXPECT_THAT(fields, Contains(Pair(":scheme", "https"))) << one.url;
  }
}

TEST(Http2Fields, PseudoFieldsComeFirst) {
  const auto fields = FieldsOf({.url = "https://a", .headers = {{"A", "b"}}});
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(fields[i].first.front() == ':', i < 4) << fields[i].first;
  }
}

TEST(Http2Fields, NamesAreInLowerCaseAndValuesWithoutBlanksAround) {
  const auto fields = FieldsOf({.url = "https://a", .headers = {{"X-Some", " Thing\t"}}});
  EXPECT_THAT(fields, Contains(Pair("x-some", "Thing")));
}

TEST(Http2Fields, WhatBelongsToAConnectionIsLeftOut) {
  const auto fields = FieldsOf({.url = "https://a",
                                .headers = {{"Host", "b"},
                                            {"Connection", "close"},
                                            {"Transfer-Encoding", "chunked"},
                                            {"Accept-Encoding", "br"},
                                            {"Content-Length", "5"}}});
  for (const char* name : {"host", "connection", "transfer-encoding", "content-length"}) {
    EXPECT_THAT(fields, Not(Contains(Key(name))));
  }
  EXPECT_THAT(fields, Contains(Pair("accept-encoding", "gzip")));
  EXPECT_THAT(fields, Not(Contains(Pair("accept-encoding", "br"))));
}

TEST(Http2Fields, OnlyABodyHasALength) {
  EXPECT_THAT(FieldsOf({.method = HttpMethod::kPatch, .url = "https://a", .body = "{}"}),
              Contains(Pair("content-length", "2")));
  EXPECT_THAT(FieldsOf({.method = HttpMethod::kPost, .url = "https://a"}),
              Contains(Pair("content-length", "0")));
  EXPECT_THAT(FieldsOf({.url = "https://a"}), Not(Contains(Key("content-length"))));
}

TEST(Http2Fields, TheRequestsAgentGoesFirst) {
  EXPECT_THAT(FieldsOf({.url = "https://a"}), Contains(Pair("user-agent", "mutexd/1")));
  const auto fields = FieldsOf({.url = "https://a", .headers = {{"User-Agent", "own"}}});
  EXPECT_THAT(fields, Contains(Pair("user-agent", "own")));
  EXPECT_THAT(fields, Not(Contains(Pair("user-agent", "mutexd/1"))));
}

}  // namespace
}  // namespace mutexd::http
