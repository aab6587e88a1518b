#include "service/http/response_head.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mutexd::http {
namespace {

// Room from the start for as many as most responses have.
constexpr std::size_t kUsualHeaders = 12;

}  // namespace

bool ResponseHead::AddLine(absl::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kMaxHeadBytes) return false;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  switch (state_) {
    case State::kStatusLine:
      return AddStatusLine(line);
    case State::kHeaders:
      if (!line.empty()) return AddHeader(line);
      EndFields();
      return true;
    case State::kComplete:
      return true;
  }
  return false;
}

bool ResponseHead::AddStatusLine(absl::string_view line) {
  if (!absl::StartsWith(line, "HTTP/")) return false;
  const std::size_t space = line.find(' ');
  if (space == absl::string_view::npos) return false;
  return SetStatus(line.substr(space + 1, 3));
}

bool ResponseHead::SetStatus(absl::string_view status) {
  if (!absl::SimpleAtoi(status, &status_) || status_ < 100) return false;
  headers_.clear();
  headers_.reserve(kUsualHeaders);
  state_ = State::kHeaders;
  return true;
}

bool ResponseHead::AddHeader(absl::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    // A value folded over several lines: obsolete, and still sent by some.
    if (headers_.empty()) return false;
    absl::StrAppend(&headers_.back().value, " ", absl::StripAsciiWhitespace(line));
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == absl::string_view::npos || colon == 0) return false;
  return KeepHeader(absl::StripTrailingAsciiWhitespace(line.substr(0, colon)),
                    line.substr(colon + 1));
}

bool ResponseHead::KeepHeader(absl::string_view name, absl::string_view value) {
  if (headers_.size() == kMaxHeaders) return false;
  headers_.push_back({.name = absl::AsciiStrToLower(name),
                      .value = std::string(absl::StripAsciiWhitespace(value))});
  return true;
}

bool ResponseHead::AddField(absl::string_view name, absl::string_view value) {
  bytes_ += name.size() + value.size();
  if (bytes_ > kMaxHeadBytes) return false;
  switch (state_) {
    case State::kStatusLine:
      state_ = State::kHeaders;
      return name == ":status" && SetStatus(value);
    case State::kHeaders:
      return KeepHeader(name, value);
    case State::kComplete:
      return true;
  }
  return false;
}

void ResponseHead::EndFields() {
  if (state_ != State::kHeaders) return;
  state_ = status_ < 200 ? State::kStatusLine : State::kComplete;
}

}  // namespace mutexd::http
