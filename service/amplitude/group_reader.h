// Reads one mutex group of Amplitude's JSON into a message; codec.h says by which rules.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/codec.h"
#include "service/amplitude/json_stream.h"

namespace mutexd::amplitude {

// Why something cannot be read.
struct JsonProblem {
  std::string path;  // from the value that was read: ".slots[1].percentage"; empty for itself
  std::string what;  // such as "expected an integer, found a string"
};

// Reads the fields of `value` into the empty `group`, its etag included. With a problem (the first
// in the order of the text) the group still has its id where that could be read.
std::unique_ptr<JsonProblem> ReadGroup(const JsonStreamValue& value, v1::MutexGroup& group,
                                       WrongKinds& wrong_kinds);

// An id as text: a string that is not empty, or a whole number. Nothing for any other value.
std::optional<std::string> IdText(const JsonStreamValue& value);

// "expected …, found …".
std::string Unexpected(absl::string_view expected, const JsonStreamValue& found);

}  // namespace mutexd::amplitude
