#include "service/amplitude/error_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace mutexd::amplitude {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr absl::string_view kKey = "hunter2-hunter2";

std::string Reduce(absl::string_view body) { return ReduceErrorText(body, kKey); }

struct Row {
  const char* body;
  const char* text;
};

TEST(ErrorText, FindsTheTextInJsonOfAnyShape) {
  const Row rows[] = {
      {R"({"error":"slots must sum to 100"})", "slots must sum to 100"},
      {R"({"message":"no"})", "no"},
      {R"({"status":400,"error":{"code":"BAD","message":"no","type":"x"}})", "no"},
      {R"({"error":"Bad Request","message":"no such project","path":"/api"})",
       "Bad Request; no such project"},
      {R"({"error":"same","message":"same"})", "same"},
      {R"({"errors":["one","two"]})", "one; two"},
      {R"({"errors":[{"message":"one"},{"msg":"two","code":7}]})", "one; two"},
      {R"({"errors":{"name":["is required","is long"],"slots":{"percentage":"is 0"}}})",
       "name: is required; name: is long; percentage: is 0"},
      {R"({"data":{"result":{"detail":"deep"}}})", "deep"},
      {R"(["one",{"message":"two"}])", "one; two"},
      {R"("just text")", "just text"},
      {R"({"error_description":"expired","errorMessage":"really"})", "expired; really"},
      {"\xEF\xBB\xBF {\"error\":\"after a mark\"}", "after a mark"},
      {R"({"error":"line one\nline\ttwo\u0000\u001b[31m"})", "line one line two[31m"},
  };
  for (const Row& row : rows) EXPECT_EQ(Reduce(row.body), row.text) << row.body;
}

TEST(ErrorText, FallsBackToTheBodyOfJsonThatNamesNoError) {
  EXPECT_EQ(Reduce(R"({"code":17})"), R"({"code":17})");
  EXPECT_EQ(Reduce(R"({"error":null})"), R"({"error":null})");
  EXPECT_EQ(Reduce(R"({"error":"cut o)"), R"({"error":"cut o)");
}

TEST(ErrorText, ReadsHtmlPages) {
  EXPECT_EQ(Reduce("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 "
                   "Bad Gateway</h1></center><hr>nginx</body></html>"),
            "502 Bad Gateway");
  EXPECT_EQ(
      Reduce("<!DOCTYPE html><style>h1 {color: red}</style><h1>Down &amp; out</h1><!-- <b>no</b> "
             "--><script>if (1 < 2) no()</script><p>Try&nbsp;&lt;later&gt;</p>"),
      "Down & out Try <later>");
  EXPECT_EQ(Reduce("<html><title> </title>text"), "text");
  EXPECT_EQ(Reduce("<html><body></body></html>"), "");
  EXPECT_EQ(Reduce("<unclosed"), "");
  EXPECT_EQ(Reduce("<script>no end"), "");
}

TEST(ErrorText, ReadsPlainText) {
  EXPECT_EQ(Reduce("  upstream connect error\r\n or   disconnect\n"),
            "upstream connect error or disconnect");
  EXPECT_EQ(Reduce(""), "");
  EXPECT_EQ(Reduce(" \r\n\t "), "");
  EXPECT_EQ(Reduce("OK"), "OK");
}

TEST(ErrorText, HasNoControlNorInvisibleCharacters) {
  EXPECT_EQ(Reduce(absl::string_view("a\0b\x01"
                                     "c\x7F"
                                     "d\x1B[0m",
                                     11)),
            "abcd[0m");
  EXPECT_EQ(Reduce("a\xC2\x85"
                   "b\xE2\x80\x8B"
                   "c\xE2\x80\xAE"
                   "d\xE2\x80\xA8"
                   "e\xEF\xBB\xBF"
                   "f"),
            "abcdef");
  EXPECT_EQ(Reduce("caf\xC3\xA9 \xE2\x80\x93 \xE2\x82\xAC"),
            "caf\xC3\xA9 \xE2\x80\x93 \xE2\x82\xAC");
  EXPECT_EQ(Reduce("bad \xFF byte"), "bad \xEF\xBF\xBD byte");
}

TEST(ErrorText, HasNoKeys) {
  for (const char* body : {
           R"({"error":"key hunter2-hunter2 is revoked"})",
           R"({"request":{"headers":{"Authorization":"Bearer hunter2-hunter2"}}})",
           R"({"error":"key \u0068unter2-hunter2 is revoked"})",
           "<html><title>hunter2-hunter2</title></html>",
           "hunter2-\x01hunter2",
           "hunter2-\xE2\x80\x8Bhunter2",
       }) {
    EXPECT_THAT(Reduce(body), Not(HasSubstr("hunter2"))) << body;
    EXPECT_THAT(Reduce(body), HasSubstr("[redacted]")) << body;
  }
  EXPECT_EQ(Reduce(R"({"error":"bad ampex_0123"})"), "bad [redacted]");
}

TEST(ErrorText, IsCutBetweenCharacters) {
  std::string body;
  while (body.size() < 1000) body += "no € ";
  const std::string text = Reduce(body);
  EXPECT_LE(text.size(), kMaxErrorTextBytes);
  EXPECT_GT(text.size(), kMaxErrorTextBytes - 10);
  EXPECT_THAT(text, EndsWith("…"));
  EXPECT_THAT(text, Not(HasSubstr("\xEF\xBF\xBD")));
  EXPECT_EQ(Reduce(absl::StrCat(std::string(100, ' '), "short")).size(), 5u);
}

TEST(ErrorText, AKeyDoesNotSurviveBeingCut) {
  const std::string text = Reduce(absl::StrCat(std::string(290, '.'), " ampex_0123456789abcdef"));
  EXPECT_THAT(text, Not(HasSubstr("ampex")));
}

TEST(ErrorText, MegabytesAreReducedToo) {
  const std::string megabytes(std::size_t{2} << 20, 'x');
  EXPECT_EQ(Reduce(R"({"trace":")" + megabytes + R"(","error":"at the end"})"), "at the end");
  EXPECT_LE(Reduce(R"({"error":")" + megabytes + R"("})").size(), kMaxErrorTextBytes);
  EXPECT_LE(Reduce("words " + megabytes).size(), kMaxErrorTextBytes);
  EXPECT_THAT(Reduce("words " + megabytes), StartsWith("words "));
  EXPECT_LE(Reduce("<p>" + megabytes).size(), kMaxErrorTextBytes);
  std::string list = "[";
  for (int i = 0; i < 200'000; ++i) list += "\"error " + std::to_string(i) + "\",";
  EXPECT_THAT(Reduce(list + "\"\"]"), StartsWith("error 0; error 1; "));
  EXPECT_LE(Reduce(std::string(std::size_t{2} << 20, '[')).size(), kMaxErrorTextBytes);
}

}  // namespace
}  // namespace mutexd::amplitude
