// The head of a request as HTTP/2's fields. Internal to this folder.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/http/http_transport.h"

namespace mutexd::http {

// Whether the request has a body, be it empty.
inline bool HasBody(const HttpRequest& request) { return request.method != HttpMethod::kGet; }

class Http2Fields {
 public:
  // `request` must have passed CheckRequest; it and `user_agent`, which goes where the request
  // names none, must outlive this.
  Http2Fields(const HttpRequest& request, absl::string_view user_agent);

  Http2Fields(const Http2Fields&) = delete;
  Http2Fields& operator=(const Http2Fields&) = delete;

  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }

 private:
  void Add(absl::string_view name, absl::string_view value, std::uint8_t flags = 0);

  std::string path_;
  std::string length_;
  std::vector<std::string> names_;  // in lower case, as HTTP/2 wants them
  std::vector<nghttp2_nv> fields_;  // refer to those above
};

}  // namespace mutexd::http
