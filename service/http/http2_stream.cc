#include "service/http/http2_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"

namespace mutexd::http {
namespace {

absl::string_view Find(const std::vector<HttpHeader>& headers, absl::string_view name) {
  for (const HttpHeader& header : headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

}  // namespace

void Http2Stream::Reset() {
  id = 0;
  sent = false;
  reply_ended = false;
  body_taken_ = 0;
  head_ = ResponseHead();
  ended_ = false;
}

absl::string_view Http2Stream::TakeBody(std::size_t most) {
  const absl::string_view left = absl::string_view(request_.body).substr(body_taken_);
  const absl::string_view taken = left.substr(0, most);
  body_taken_ += taken.size();
  return taken;
}

bool Http2Stream::AddHeader(absl::string_view name, absl::string_view value) {
  return head_.AddField(name, value);
}

bool Http2Stream::EndHeaders() {
  const bool had_head = head_.complete();
  head_.EndFields();
  if (had_head || !head_.complete()) return true;
  std::size_t length = 0;
  if (!absl::SimpleAtoi(Find(head_.headers(), "content-length"), &length)) length = 0;
  return body_.Begin(Find(head_.headers(), "content-encoding"), length);
}

bool Http2Stream::AddBody(absl::string_view data) { return body_.Add(data); }

void Http2Stream::Finish() {
  if (!head_.complete()) return Fail(HttpFailureKind::kProtocol, "the reply has no head");
  if (!body_.truncated() && !body_.End()) {
    return Fail(HttpFailureKind::kProtocol, "the reply's body cannot be decompressed");
  }
  Ended(End::kAnswered, {}, "");
}

void Http2Stream::Fail(HttpFailureKind kind, std::string message) {
  Ended(End::kFailed, kind, std::move(message));
}

void Http2Stream::NotProcessed(std::string message) {
  Ended(End::kNotProcessed, HttpFailureKind::kConnectionLost, std::move(message));
}

void Http2Stream::NotHttp2(std::string message) {
  Ended(End::kNotHttp2, HttpFailureKind::kConnectionLost, std::move(message));
}

void Http2Stream::Ended(End end, HttpFailureKind kind, std::string message) {
  ended_ = true;
  end_ = end;
  failure_ = {
      .kind = kind, .request_sent = sent, .status = status(), .message = std::move(message)};
  on_end_();
}

HttpResult Http2Stream::TakeResult() {
  if (end_ != End::kAnswered) return std::move(failure_);
  HttpResponse response;
  response.status = head_.status();
  response.headers = head_.TakeHeaders();
  response.body = body_.Take();
  response.body_truncated = body_.truncated();
  return response;
}

HttpTransferStats Http2Stream::Stats() const {
  HttpTransferStats result = stats;
  result.bytes_sent = static_cast<std::int64_t>(body_taken_);
  result.bytes_received = body_.bytes_received();
  return result;
}

}  // namespace mutexd::http
