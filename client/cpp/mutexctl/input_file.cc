#include "client/cpp/mutexctl/input_file.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/cpp/mutexctl/document.h"
#include "client/cpp/mutexctl/safe_text.h"
#include "client/cpp/mutexctl/suggestion.h"

namespace mutexgroups::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t kLargestFile = 1 << 20;

const std::map<std::string, std::string>& ShortNames() {
  static const auto* names = new std::map<std::string, std::string>{
      {"project", "project_id"}, {"experiments", "experiment_ids"}, {"holdouts", "holdout_ids"}};
  return *names;
}

// The field that a name in the file means; null where there is none.
const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  const auto alias = ShortNames().find(name);
  if (alias != ShortNames().end()) return type.FindFieldByName(alias->second);
  if (const auto* field = type.FindFieldByName(name)) return field;
  return type.FindFieldByCamelcaseName(name);
}

// The known name that `name` was most likely meant to be; empty where none is near.
std::string SuggestedField(const Descriptor& type, const std::string& name) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  for (const auto& [alias, field] : ShortNames()) {
    if (type.FindFieldByName(field) != nullptr) names.push_back(alias);
  }
  return Suggestion(name, names);
}

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  // Reads a mapping into `message`, whose path in the file is `path`.
  std::set<std::string> ReadMap(const YAML::Node& map, const std::string& path, Message& message);

  void Problem(const YAML::Mark& mark, const std::string& path, const std::string& what) {
    const auto line = mark.is_null() ? 1 : mark.line + 1;
    problems_.push_back(
        absl::StrCat(source_, ":", line, ": ", path, place_, path.empty() ? "" : ": ", what));
  }

  absl::Status status() const {
    if (problems_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
  }

 private:
  void ReadField(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                 Message& message);
  void ReadSlots(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                 Message& message);

  // Sets the field, or adds to it where it is repeated.
  void ReadScalar(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                  Message& message);
  void ReadNumber(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                  Message& message);
  void ReadText(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                Message& message);
  void ReadMode(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                Message& message);

  void Expected(const YAML::Node& node, const std::string& path, const std::string& what);

  std::string source_;
  std::string place_;  // " (slot 2)" while a slot is read: paths count from zero, people from one
  std::vector<std::string> problems_;
};

// What the service says about a group and nobody can ask for. Other output-only fields are read,
// and the service passes them over.
bool IsPassedOver(const FieldDescriptor& field) {
  return field.name() == "state" || field.name() == "create_time" || field.name() == "update_time";
}

std::string Found(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsNull()) return "nothing";
  return absl::StrCat("\"", Escaped(node.Scalar()), "\"");
}

void Reader::Expected(const YAML::Node& node, const std::string& path, const std::string& what) {
  Problem(node.Mark(), path, absl::StrCat("expected ", what, ", found ", Found(node)));
}

std::set<std::string> Reader::ReadMap(const YAML::Node& map, const std::string& path,
                                      Message& message) {
  std::set<std::string> seen;
  if (!map.IsMap()) {
    Expected(map, path, "a mapping of fields");
    return seen;
  }
  const auto& type = *message.GetDescriptor();
  for (const auto& entry : map) {
    const auto name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const auto name_path = absl::StrCat(path, path.empty() ? "" : ".", Escaped(name));
    const auto* field = FindField(type, name);
    if (field == nullptr) {
      const auto suggestion = SuggestedField(type, name);
      Problem(entry.first.Mark(), name_path,
              suggestion.empty() ? "unknown field"
                                 : absl::StrCat("unknown field; did you mean `", suggestion, "`?"));
    } else if (!seen.insert(field->name()).second) {
      Problem(entry.first.Mark(), name_path, "given twice");
    } else if (!IsPassedOver(*field) && !entry.second.IsNull()) {
      ReadField(entry.second, name_path, *field, message);
    }
  }
  return seen;
}

void Reader::ReadField(const YAML::Node& node, const std::string& path,
                       const FieldDescriptor& field, Message& message) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    ReadSlots(node, path, field, message);
  } else if (field.is_repeated() && node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      ReadScalar(node[i], absl::StrCat(path, "[", i, "]"), field, message);
    }
  } else {
    ReadScalar(node, path, field, message);
  }
}

void Reader::ReadSlots(const YAML::Node& node, const std::string& path,
                       const FieldDescriptor& field, Message& message) {
  if (!node.IsSequence()) {
    Expected(node, path, "a list of slots");
    return;
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    auto& slot = *message.GetReflection()->AddMessage(&message, &field);
    place_ = absl::StrCat(" (slot ", i + 1, ")");
    ReadMap(node[i], absl::StrCat(path, "[", i, "]"), slot);
    place_.clear();
  }
}

void Reader::ReadScalar(const YAML::Node& node, const std::string& path,
                        const FieldDescriptor& field, Message& message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return ReadText(node, path, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ReadMode(node, path, field, message);
    default:
      return ReadNumber(node, path, field, message);
  }
}

void Reader::ReadNumber(const YAML::Node& node, const std::string& path,
                        const FieldDescriptor& field, Message& message) {
  const auto& reflection = *message.GetReflection();
  const bool is_id = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
  const std::string expected = is_id ? "an id (a whole number over 0)" : "a whole number";
  if (!node.IsScalar()) return Expected(node, path, expected);
  const std::string scalar = node.Scalar();
  absl::string_view text = scalar;
  if (field.name() == "percentage") {
    text = absl::StripTrailingAsciiWhitespace(absl::StripSuffix(text, "%"));
  }
  if (is_id) {
    std::int64_t number;
    if (!absl::SimpleAtoi(text, &number) || number <= 0) return Expected(node, path, expected);
    if (field.is_repeated()) {
      reflection.AddInt64(&message, &field, number);
    } else {
      reflection.SetInt64(&message, &field, number);
    }
    return;
  }
  std::int32_t number;
  if (!absl::SimpleAtoi(text, &number)) return Expected(node, path, expected);
  reflection.SetInt32(&message, &field, number);
}

void Reader::ReadText(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                      Message& message) {
  if (!node.IsScalar()) return Expected(node, path, "a text");
  if (!IsUtf8(node.Scalar())) return Problem(node.Mark(), path, "the text is not UTF-8");
  if (field.is_repeated()) {
    message.GetReflection()->AddString(&message, &field, node.Scalar());
  } else {
    message.GetReflection()->SetString(&message, &field, node.Scalar());
  }
}

void Reader::ReadMode(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                      Message& message) {
  if (!node.IsScalar()) return Expected(node, path, "remote or local");
  const auto name = absl::AsciiStrToUpper(node.Scalar());
  const auto* value = field.enum_type()->FindValueByName(name);
  if (value == nullptr) {
    value = field.enum_type()->FindValueByName(absl::StrCat("EVALUATION_MODE_", name));
  }
  if (value == nullptr || value->number() == 0) return Expected(node, path, "remote or local");
  message.GetReflection()->SetEnum(&message, &field, value);
}

}  // namespace

absl::StatusOr<InputGroup> ParseGroup(std::string_view text, std::string_view source) {
  Reader reader(source);
  InputGroup input;
  try {
    const auto documents = YAML::LoadAll(JoinSurrogates(text));
    if (documents.empty() || documents[0].IsNull()) {
      reader.Problem(YAML::Mark::null_mark(), "", "the file is empty");
    } else if (documents.size() > 1) {
      reader.Problem(documents[1].Mark(), "", "one group is expected, found another document");
    } else {
      input.fields = reader.ReadMap(documents[0], "", input.group);
    }
  } catch (const YAML::Exception& exception) {
    reader.Problem(exception.mark, "", absl::StrCat("not YAML: ", exception.msg));
  }
  if (auto status = reader.status(); !status.ok()) return status;
  return input;
}

absl::StatusOr<InputGroup> ReadGroupFile(const std::string& path, std::istream& in) {
  const bool from_standard_input = path == "-";
  const std::string source = from_standard_input ? "standard input" : Escaped(path);
  std::ifstream file;
  if (!from_standard_input) {
    file.open(path, std::ios::binary);
    if (!file) {
      return absl::NotFoundError(absl::StrCat(source, ": ", std::strerror(errno)));
    }
  }
  std::istream& stream = from_standard_input ? in : file;
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) {
    return absl::UnavailableError(absl::StrCat(source, ": cannot be read"));
  }
  text.resize(stream.gcount());
  if (text.size() > kLargestFile) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": larger than 1 MiB"));
  }
  return ParseGroup(text, source);
}

}  // namespace mutexgroups::ctl
