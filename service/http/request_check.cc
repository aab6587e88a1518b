#include "service/http/request_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mutexd::http {
namespace {

// RFC 9110, section 5.6.2.
bool IsTokenChar(unsigned char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", static_cast<char>(c));
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

// Bytes over 0x7f are allowed, as RFC 9110 does (obs-text).
bool IsFieldValue(absl::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c != '\t' && absl::ascii_iscntrl(c); });
}

absl::Status CheckUrl(absl::string_view url) {
  if (!absl::StartsWithIgnoreCase(url, "http://") && !absl::StartsWithIgnoreCase(url, "https://")) {
    return absl::InvalidArgumentError("the URL is not absolute http or https");
  }
  if (std::any_of(url.begin(), url.end(),
                  [](unsigned char c) { return c == ' ' || absl::ascii_iscntrl(c); })) {
    return absl::InvalidArgumentError("the URL holds a space or a control character");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRequest(const HttpRequest& request) {
  if (absl::Status status = CheckUrl(request.url); !status.ok()) return status;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const HttpHeader& header = request.headers[i];
    if (!IsToken(header.name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the name of header ", i + 1, " is not a valid header name"));
    }
    if (!IsFieldValue(header.value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the value of header ", header.name, " holds a control character"));
    }
  }
  return absl::OkStatus();
}

}  // namespace mutexd::http
