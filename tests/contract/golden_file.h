// The pairs of files in golden/, whose README.md describes them.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <vector>

#include "service/amplitude/codec.h"

namespace mutexd::contract {

// The names, without extension, of the JSON files of a folder of golden/; never empty.
std::vector<std::string> GoldenNames(const std::string& folder);

// The content of a file, or nothing where there is no such file.
std::optional<std::string> ReadGolden(const std::string& folder, const std::string& file);

// Parses a text proto; a test failure where it is none.
void ParseTextProto(const std::string& text, google::protobuf::Message& message);

// What differs between two messages; empty when nothing does.
std::string Difference(const google::protobuf::Message& expected,
                       const google::protobuf::Message& actual);

// The first line of a textproto, as a test writes it from what the codec counted.
std::string WrongKindsLine(const amplitude::WrongKinds& wrong_kinds);

}  // namespace mutexd::contract
