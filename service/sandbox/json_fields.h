// Typed reading of the members of a JSON object, with the JSON path of the first offence.
//
// Where Amplitude's documentation contradicts itself both forms are read: ids as numbers or as
// numeric strings, individuals as strings or as numbers.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mutexd::sandbox {

// Parses a text that must hold one JSON object, at any depth of nesting without recursion.
// INVALID_ARGUMENT otherwise.
absl::StatusOr<rapidjson::Document> ParseJsonObject(absl::string_view text);

// What a member that is null stands for.
enum class Nulls {
  kAbsent,   // as if it were not there
  kInvalid,  // a value of the wrong kind
};

class FieldReader {
 public:
  // `path` names the object in messages, empty for the outermost. The first offence is put in
  // `error`, INVALID_ARGUMENT; once it holds one, reads still return but mean nothing. An `object`
  // of another kind is an offence.
  FieldReader(const rapidjson::Value& object, std::string path, Nulls nulls, absl::Status& error);

  // The member's value; nullptr when it is absent.
  const rapidjson::Value* Find(absl::string_view name) const;

  std::optional<std::string> Text(absl::string_view name);
  std::optional<bool> Boolean(absl::string_view name);
  std::optional<std::int64_t> Integer(absl::string_view name);  // 40 and 40.0, not "40"
  std::optional<std::int64_t> Id(absl::string_view name);       // positive; also "40"
  std::optional<std::vector<std::int64_t>> Ids(absl::string_view name);
  std::optional<std::vector<std::string>> Texts(absl::string_view name);

  // As above, and being absent or empty is an offence.
  std::string RequiredText(absl::string_view name);
  std::int64_t RequiredId(absl::string_view name);

  // The path of a member, or of its element.
  std::string PathOf(absl::string_view name) const;
  std::string PathOf(absl::string_view name, std::size_t element) const;

  // Notes an offence, such as Fail(PathOf("name"), "must be a string").
  void Fail(absl::string_view path, absl::string_view rule);

 private:
  const rapidjson::Value& object_;
  std::string path_;
  Nulls nulls_;
  absl::Status& error_;
};

}  // namespace mutexd::sandbox
