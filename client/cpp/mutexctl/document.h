// Messages as JSON and YAML documents, for other programs and for files.
//
// Both are protobuf's JSON mapping with the field names of the .proto files (`experiment_ids`): ids
// and other int64 are strings, fields that are unset or empty are left out. A group's YAML can be
// read back by input_file.h.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace mutexgroups::ctl {

// Indented by two spaces, with a line break at the end. No control characters are left in it.
std::string ToJson(const google::protobuf::Message& message);

// Block style, lists of scalars on one line. No control characters are left in it.
std::string ToYaml(const google::protobuf::Message& message);

// The text with pairs of `\ud83d\ude00` escapes, which JSON has for characters beyond 16 bits and
// YAML has not, replaced by the character in UTF-8.
std::string JoinSurrogates(std::string_view json);

}  // namespace mutexgroups::ctl
