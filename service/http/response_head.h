// Collects a response's status and headers from the lines that arrive.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/http/http_transport.h"

namespace mutexd::http {

// Limits of a response head, interim responses and trailers included: what needs more is no answer
// of an API.
inline constexpr std::size_t kMaxHeadBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxHeaders = 256;

class ResponseHead {
 public:
  // Takes one line, with or without its line break, in the order received: a status line, headers
  // and an empty line, which may repeat while responses are interim (1xx). Lines after the head are
  // trailers, and dropped. Returns false when the head breaks a limit or the syntax.
  bool AddLine(absl::string_view line);

  // The same of HTTP/2, where fields come without lines: ":status" first.
  bool AddField(absl::string_view name, absl::string_view value);
  void EndFields();

  // The empty line after a final status has arrived.
  bool complete() const { return state_ == State::kComplete; }

  // The final status once complete; else 0.
  int status() const { return complete() ? status_ : 0; }

  const std::vector<HttpHeader>& headers() const { return headers_; }

  // Names in lower case, values without surrounding blanks.
  std::vector<HttpHeader> TakeHeaders() { return std::move(headers_); }

 private:
  enum class State { kStatusLine, kHeaders, kComplete };

  bool AddStatusLine(absl::string_view line);
  bool SetStatus(absl::string_view status);
  bool AddHeader(absl::string_view line);
  bool KeepHeader(absl::string_view name, absl::string_view value);

  State state_ = State::kStatusLine;
  int status_ = 0;
  std::size_t bytes_ = 0;
  std::vector<HttpHeader> headers_;
};

}  // namespace mutexd::http
