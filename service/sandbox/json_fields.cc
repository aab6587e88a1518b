#include "service/sandbox/json_fields.h"

#include <rapidjson/error/en.h>

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mutexd::sandbox {
namespace {

// Beyond this a double no longer holds every integer.
constexpr double kMaxExactDouble = 9007199254740992.0;

std::optional<std::int64_t> IntegerOf(const rapidjson::Value& value) {
  if (value.IsInt64()) return value.GetInt64();
  if (!value.IsDouble()) return std::nullopt;
  const double number = value.GetDouble();
  if (std::trunc(number) != number || std::fabs(number) > kMaxExactDouble) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

absl::string_view TextOf(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

std::optional<std::int64_t> IdOf(const rapidjson::Value& value) {
  std::optional<std::int64_t> id = IntegerOf(value);
  if (std::int64_t number; value.IsString() && absl::SimpleAtoi(TextOf(value), &number)) {
    id = number;
  }
  return id && *id > 0 ? id : std::nullopt;
}

}  // namespace

absl::StatusOr<rapidjson::Document> ParseJsonObject(absl::string_view text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      text.data(), text.size());
  if (document.HasParseError()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid JSON at byte ", document.GetErrorOffset(), ": ",
                     rapidjson::GetParseError_En(document.GetParseError())));
  }
  if (!document.IsObject()) return absl::InvalidArgumentError("a JSON object is expected");
  return document;
}

FieldReader::FieldReader(const rapidjson::Value& object, std::string path, Nulls nulls,
                         absl::Status& error)
    : object_(object), path_(std::move(path)), nulls_(nulls), error_(error) {
  if (!object_.IsObject()) Fail(path_, "must be an object");
}

const rapidjson::Value* FieldReader::Find(absl::string_view name) const {
  if (!object_.IsObject()) return nullptr;
  const auto member = object_.FindMember(
      rapidjson::Value(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  if (member == object_.MemberEnd()) return nullptr;
  if (nulls_ == Nulls::kAbsent && member->value.IsNull()) return nullptr;
  return &member->value;
}

std::optional<std::string> FieldReader::Text(absl::string_view name) {
  const rapidjson::Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsString()) {
    Fail(PathOf(name), "must be a string");
    return std::nullopt;
  }
  return std::string(TextOf(*value));
}

std::optional<bool> FieldReader::Boolean(absl::string_view name) {
  const rapidjson::Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsBool()) {
    Fail(PathOf(name), "must be true or false");
    return std::nullopt;
  }
  return value->GetBool();
}

std::optional<std::int64_t> FieldReader::Integer(absl::string_view name) {
  const rapidjson::Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> integer = IntegerOf(*value);
  if (!integer) Fail(PathOf(name), "must be an integer");
  return integer;
}

std::optional<std::int64_t> FieldReader::Id(absl::string_view name) {
  const rapidjson::Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> id = IdOf(*value);
  if (!id) Fail(PathOf(name), "must be a positive integer");
  return id;
}

std::optional<std::vector<std::int64_t>> FieldReader::Ids(absl::string_view name) {
  const rapidjson::Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsArray()) {
    Fail(PathOf(name), "must be an array of numbers");
    return std::nullopt;
  }
  std::vector<std::int64_t> ids;
  ids.reserve(value->Size());
  for (const rapidjson::Value& element : value->GetArray()) {
    const std::optional<std::int64_t> id = IdOf(element);
    if (!id) Fail(PathOf(name, ids.size()), "must be a positive integer");
    ids.push_back(id.value_or(0));
  }
  return ids;
}

std::optional<std::vector<std::string>> FieldReader::Texts(absl::string_view name) {
  const rapidjson::Value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsArray()) {
    Fail(PathOf(name), "must be an array of strings");
    return std::nullopt;
  }
  std::vector<std::string> texts;
  texts.reserve(value->Size());
  for (const rapidjson::Value& element : value->GetArray()) {
    if (element.IsString()) {
      texts.emplace_back(TextOf(element));
    } else if (const std::optional<std::int64_t> number = IntegerOf(element)) {
      texts.push_back(absl::StrCat(*number));
    } else {
      Fail(PathOf(name, texts.size()), "must be a string");
      texts.emplace_back();
    }
  }
  return texts;
}

std::string FieldReader::RequiredText(absl::string_view name) {
  if (Find(name) == nullptr) Fail(PathOf(name), "is required");
  std::string text = Text(name).value_or("");
  if (text.empty()) Fail(PathOf(name), "must not be empty");
  return text;
}

std::int64_t FieldReader::RequiredId(absl::string_view name) {
  if (Find(name) == nullptr) Fail(PathOf(name), "is required");
  return Id(name).value_or(0);
}

std::string FieldReader::PathOf(absl::string_view name) const {
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", name);
}

std::string FieldReader::PathOf(absl::string_view name, std::size_t element) const {
  return absl::StrCat(PathOf(name), "[", element, "]");
}

void FieldReader::Fail(absl::string_view path, absl::string_view rule) {
  if (error_.ok()) error_ = absl::InvalidArgumentError(absl::StrCat(path, " ", rule));
}

}  // namespace mutexd::sandbox
