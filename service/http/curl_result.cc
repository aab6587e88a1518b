#include "service/http/curl_result.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mutexd::http {

bool RequestMayBeSent(CURLcode code, curl_off_t pretransfer_micros) {
  if (pretransfer_micros > 0) return true;
  // Raised by the attempt to send, before libcurl notes the time.
  return code == CURLE_SEND_ERROR || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

HttpFailureKind FailureKind(CURLcode code, bool request_sent, absl::string_view detail) {
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return HttpFailureKind::kCancelled;

    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailureKind::kTimeout;

    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return HttpFailureKind::kResolve;

    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_NO_CONNECTION_AVAILABLE:
    case CURLE_PROXY:
      return HttpFailureKind::kConnect;

    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return HttpFailureKind::kTls;

    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP3:
    case CURLE_WRITE_ERROR:  // our own refusal of a response head
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_TOO_MANY_REDIRECTS:
      return HttpFailureKind::kProtocol;

    case CURLE_UNSUPPORTED_PROTOCOL:  // a URL's scheme; or a reply that is no HTTP/1
    case CURLE_OUT_OF_MEMORY:         // also said of a header line over libcurl's own limit
      return request_sent ? HttpFailureKind::kProtocol : HttpFailureKind::kRequest;

    case CURLE_RECV_ERROR:
      if (absl::StrContains(detail, "chunked-encoding")) return HttpFailureKind::kProtocol;
      // Before the request was sent it was a proxy that gave no connection.
      return request_sent ? HttpFailureKind::kConnectionLost : HttpFailureKind::kConnect;

    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_UPLOAD_FAILED:
      return HttpFailureKind::kConnectionLost;

    case CURLE_URL_MALFORMAT:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_FUNCTION_NOT_FOUND:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_SETOPT_OPTION_SYNTAX:
    case CURLE_READ_ERROR:
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
    case CURLE_RECURSIVE_API_CALL:
    case CURLE_UNRECOVERABLE_POLL:
      return HttpFailureKind::kRequest;

    default:
      // Codes of other protocols, and of a libcurl to come.
      return HttpFailureKind::kConnectionLost;
  }
}

std::string FailureMessage(CURLcode code, absl::string_view detail) {
  std::string message = curl_easy_strerror(code);
  // Complaints about the proxy's URL quote it, password included.
  if (detail.empty() || absl::StrContains(detail, "Unsupported proxy")) return message;
  absl::StrAppend(&message, ": ", detail);
  std::replace_if(
      message.begin(), message.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); }, ' ');
  return message;
}

}  // namespace mutexd::http
