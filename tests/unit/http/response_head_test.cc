#include "service/http/response_head.h"

#include <gtest/gtest.h>

#include <string>

namespace mutexd::http {
namespace {

TEST(ResponseHead, IsCompleteAfterItsEmptyLine) {
  ResponseHead head;
  EXPECT_TRUE(head.AddLine("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_TRUE(head.AddLine("X-A: 1\r\n"));
  EXPECT_FALSE(head.complete());
  EXPECT_EQ(head.status(), 0);
  EXPECT_TRUE(head.AddLine("\r\n"));
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 404);
}

TEST(ResponseHead, LowersNamesAndStripsValues) {
  ResponseHead head;
  EXPECT_TRUE(head.AddLine("HTTP/2 200 \r\n"));
  EXPECT_TRUE(head.AddLine("Content-Type: \tText/HTML \r\n"));
  EXPECT_TRUE(head.AddLine("X-Empty:\n"));
  const std::vector<HttpHeader> headers = head.TakeHeaders();
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].name, "content-type");
  EXPECT_EQ(headers[0].value, "Text/HTML");
  EXPECT_EQ(headers[1].name, "x-empty");
  EXPECT_EQ(headers[1].value, "");
}

TEST(ResponseHead, KeepsRepeatedHeadersInOrder) {
  ResponseHead head;
  EXPECT_TRUE(head.AddLine("HTTP/1.1 200 OK"));
  EXPECT_TRUE(head.AddLine("A: 1"));
  EXPECT_TRUE(head.AddLine("B: 2"));
  EXPECT_TRUE(head.AddLine("A: 3"));
  const std::vector<HttpHeader> headers = head.TakeHeaders();
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers[2].value, "3");
}

TEST(ResponseHead, JoinsFoldedValues) {
  ResponseHead head;
  EXPECT_TRUE(head.AddLine("HTTP/1.1 200 OK"));
  EXPECT_TRUE(head.AddLine("A: one"));
  EXPECT_TRUE(head.AddLine("\t two"));
  EXPECT_EQ(head.TakeHeaders().at(0).value, "one two");
}

TEST(ResponseHead, ForgetsInterimResponses) {
  ResponseHead head;
  for (const char* line : {"HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.1 100 Continue", "",
                           "HTTP/1.1 200 OK", "A: 1"}) {
    EXPECT_TRUE(head.AddLine(line)) << line;
    EXPECT_FALSE(head.complete()) << line;
  }
  EXPECT_TRUE(head.AddLine(""));
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.TakeHeaders().size(), 1u);
}

TEST(ResponseHead, DropsTrailers) {
  ResponseHead head;
  EXPECT_TRUE(head.AddLine("HTTP/1.1 200 OK"));
  EXPECT_TRUE(head.AddLine(""));
  EXPECT_TRUE(head.AddLine("X-Checksum: 1"));
  EXPECT_TRUE(head.AddLine("HTTP/1.1 500 Not a status line here"));
  EXPECT_EQ(head.status(), 200);
  EXPECT_TRUE(head.TakeHeaders().empty());
}

TEST(ResponseHead, RefusesWhatIsNoHead) {
  for (const char* line : {"", "FTP/1.1 200 OK", "HTTP/1.1", "HTTP/1.1 abc", "HTTP/1.1 99"}) {
    EXPECT_FALSE(ResponseHead().AddLine(line)) << line;
  }
  for (const char* line : {"no colon", ": no name", " folded from nothing"}) {
    ResponseHead head;
    EXPECT_TRUE(head.AddLine("HTTP/1.1 200 OK"));
    EXPECT_FALSE(head.AddLine(line)) << line;
  }
}

TEST(ResponseHead, CapsTheBytesOfAllLines) {
  ResponseHead head;
  const std::string status_line = "HTTP/1.1 200 OK\r\n";
  EXPECT_TRUE(head.AddLine(status_line));
  const std::string name = "a: ";
  EXPECT_TRUE(
      head.AddLine(name + std::string(kMaxHeadBytes - status_line.size() - name.size(), 'x')));
  EXPECT_FALSE(head.AddLine("\n"));
}

TEST(ResponseHead, CapsTheNumberOfHeaders) {
  ResponseHead head;
  EXPECT_TRUE(head.AddLine("HTTP/1.1 200 OK"));
  for (std::size_t i = 0; i < kMaxHeaders; ++i) EXPECT_TRUE(head.AddLine("a: b"));
  EXPECT_FALSE(head.AddLine("a: b"));
}

TEST(ResponseHead, TakesFieldsWithoutLines) {
  ResponseHead head;
  EXPECT_TRUE(head.AddField(":status", "103"));
  EXPECT_TRUE(head.AddField("link", "early"));
  head.EndFields();
  EXPECT_FALSE(head.complete());
  EXPECT_TRUE(head.AddField(":status", "200"));
  EXPECT_TRUE(head.AddField("X-A", " 1 "));
  head.EndFields();
  EXPECT_TRUE(head.complete());
  EXPECT_TRUE(head.AddField("a-trailer", "2"));
  head.EndFields();
  EXPECT_EQ(head.status(), 200);
  const std::vector<HttpHeader> headers = head.TakeHeaders();
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].name, "x-a");
  EXPECT_EQ(headers[0].value, "1");
}

TEST(ResponseHead, WantsAStatusBeforeOtherFields) {
  EXPECT_FALSE(ResponseHead().AddField("x-a", "1"));
  EXPECT_FALSE(ResponseHead().AddField(":status", "OK"));
  EXPECT_FALSE(ResponseHead().AddField(":status", "99"));
}

TEST(ResponseHead, LimitsFieldsAsItLimitsLines) {
  ResponseHead head;
  EXPECT_TRUE(head.AddField(":status", "200"));
  for (std::size_t i = 0; i < kMaxHeaders; ++i) ASSERT_TRUE(head.AddField("a", "b"));
  EXPECT_FALSE(head.AddField("a", "b"));
  ResponseHead long_head;
  EXPECT_TRUE(long_head.AddField(":status", "200"));
  EXPECT_FALSE(long_head.AddField("a", std::string(kMaxHeadBytes, 'b')));
}

}  // namespace
}  // namespace mutexd::http
