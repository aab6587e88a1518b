// Matches the errors of the service by code and reason.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"

namespace mutexd::fakes {

MATCHER_P2(IsError, code, reason,
           absl::StrCat(negation ? "is not " : "is ", absl::StatusCodeToString(code), "/",
                        amplitude::ReasonName(reason))) {
  *result_listener << "which is " << absl::StatusCodeToString(arg.code()) << "/"
                   << amplitude::ReasonName(amplitude::ReasonOf(arg)) << ": "
                   << std::string(arg.message());
  return arg.code() == code && amplitude::ReasonOf(arg) == reason;
}

// The value of the ErrorInfo's metadata, or "(none)".
inline std::string Metadata(const absl::Status& status, absl::string_view key) {
  return amplitude::MetadataOf(status, key).value_or("(none)");
}

}  // namespace mutexd::fakes
