#include "service/http/http_transport.h"

namespace mutexd::http {

absl::string_view HttpMethodName(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet:
      return "GET";
    case HttpMethod::kPost:
      return "POST";
    case HttpMethod::kPatch:
      return "PATCH";
  }
  return "";
}

absl::string_view HttpFailureKindName(HttpFailureKind kind) {
  switch (kind) {
    case HttpFailureKind::kCancelled:
      return "cancelled";
    case HttpFailureKind::kTimeout:
      return "timeout";
    case HttpFailureKind::kResolve:
      return "resolve";
    case HttpFailureKind::kConnect:
      return "connect";
    case HttpFailureKind::kTls:
      return "tls";
    case HttpFailureKind::kConnectionLost:
      return "connection_lost";
    case HttpFailureKind::kProtocol:
      return "protocol";
    case HttpFailureKind::kRequest:
      return "request";
  }
  return "";
}

absl::string_view HttpResponse::Header(absl::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

}  // namespace mutexd::http
