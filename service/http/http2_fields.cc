#include "service/http/http2_fields.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/http/body_collector.h"

namespace mutexd::http {
namespace {

constexpr std::size_t kOwnFields = 7;

// Those that HTTP/2 has no place for, or that are ours to say.
bool IsOfConnection(absl::string_view lower_name) {
  for (const absl::string_view name :
       {"host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
        "content-length", "expect", "accept-encoding"}) {
    if (lower_name == name) return true;
  }
  return false;
}

}  // namespace

Http2Fields::Http2Fields(const HttpRequest& request, absl::string_view user_agent) {
  absl::string_view url = request.url;
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find('#'));
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  const absl::string_view path = url.substr(end);
  path_ = absl::StrCat(absl::StartsWith(path, "/") ? "" : "/", path);

  names_.reserve(request.headers.size());  // so that none moves
  fields_.reserve(request.headers.size() + kOwnFields);
  Add(":method", HttpMethodName(request.method));
  Add(":scheme", "https");
  Add(":authority", url.substr(0, end));
  // Hardly any is asked for twice on a connection: not for the table of either side.
  Add(":path", path_, NGHTTP2_NV_FLAG_NO_INDEX);
  Add("accept-encoding", kAcceptEncoding);
  if (HasBody(request)) {
    length_ = absl::StrCat(request.body.size());
    Add("content-length", length_, NGHTTP2_NV_FLAG_NO_INDEX);
  }
  bool has_agent = false;
  for (const HttpHeader& header : request.headers) {
    const std::string& name = names_.emplace_back(absl::AsciiStrToLower(header.name));
    if (IsOfConnection(name)) continue;
    has_agent = has_agent || name == "user-agent";
    Add(name, absl::StripAsciiWhitespace(header.value));
  }
  if (!has_agent) Add("user-agent", user_agent);
}

void Http2Fields::Add(absl::string_view name, absl::string_view value, std::uint8_t flags) {
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  fields_.push_back({bytes(name), bytes(value), name.size(), value.size(), flags});
}

}  // namespace mutexd::http
