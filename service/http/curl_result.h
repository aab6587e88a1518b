// What libcurl's result codes mean to callers. Internal to this folder.
#pragma once

#include <curl/curl.h>

#include <string>

#include "absl/strings/string_view.h"
#include "service/http/http_transport.h"

namespace mutexd::http {

// Whether a byte of the request may have left. `pretransfer_micros` is CURLINFO_PRETRANSFER_TIME_T:
// zero until the connection was ready and the first part of the request had been handed to it.
// Where that very step failed, this is true.
bool RequestMayBeSent(CURLcode code, curl_off_t pretransfer_micros);

// The kind of a failed transfer. Some codes stand for different things before and after the request
// was sent, and libcurl tells broken chunks apart from a lost connection by `detail` only, the text
// of CURLOPT_ERRORBUFFER. `code` must not be CURLE_OK.
HttpFailureKind FailureKind(CURLcode code, bool request_sent, absl::string_view detail);

// A sentence of libcurl's words for `code` and of `detail`, which may be empty.
std::string FailureMessage(CURLcode code, absl::string_view detail);

}  // namespace mutexd::http
