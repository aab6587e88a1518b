#include "service/http/request_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mutexd::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

HttpRequest WithHeader(std::string name, std::string value) {
  return {.url = "https://example.com/",
          .headers = {{.name = std::move(name), .value = std::move(value)}}};
}

TEST(CheckRequest, AcceptsOrdinaryRequests) {
  EXPECT_TRUE(CheckRequest({.url = "https://example.com/a?b=c"}).ok());
  EXPECT_TRUE(CheckRequest({.url = "HTTP://[::1]:80/%20"}).ok());
  EXPECT_TRUE(CheckRequest(WithHeader("authorization", "Bearer abc")).ok());
  EXPECT_TRUE(CheckRequest(WithHeader("x!#$%&'*+-.^_`|~9", "")).ok());
  EXPECT_TRUE(CheckRequest(WithHeader("x", "a\tb \xC3\xA9")).ok());
}

TEST(CheckRequest, RefusesUrlsThatAreNotAbsoluteHttp) {
  for (const char* url : {"", "example.com", "/path", "ftp://example.com", "file:///etc/passwd",
                          "https:/example.com", " https://example.com"}) {
    EXPECT_FALSE(CheckRequest({.url = url}).ok()) << url;
  }
}

TEST(CheckRequest, RefusesSpacesAndControlCharactersInUrls) {
  for (const char* url :
       {"http://e.com/a b", "http://e.com/a\r\nX: y", "http://e.com/a\tb", "http://e.com/\x7f"}) {
    EXPECT_FALSE(CheckRequest({.url = url}).ok()) << url;
  }
  EXPECT_FALSE(CheckRequest({.url = std::string("http://e.com/a\0b", 16)}).ok());
}

TEST(CheckRequest, RefusesNamesThatAreNoToken) {
  for (const char* name : {"", "a b", "a:", "a\r\nb", "\xC3\xA9", "a(b)"}) {
    const absl::Status status = CheckRequest(WithHeader(name, "v"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("name of header 1")) << name;
  }
}

TEST(CheckRequest, RefusesValuesThatWouldEndTheLineAndDoesNotRepeatThem) {
  for (const std::string& value :
       {std::string("secret\r\nX-Evil: 1"), std::string("secret\n"), std::string("secret\r"),
        std::string("secret\0", 7), std::string("secret\x7f")}) {
    const std::string message(CheckRequest(WithHeader("x-key", value)).message());
    EXPECT_THAT(message, HasSubstr("x-key"));
    EXPECT_THAT(message, Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace mutexd::http
