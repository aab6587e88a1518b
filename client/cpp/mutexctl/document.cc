#include "client/cpp/mutexctl/document.h"

#include <google/protobuf/util/json_util.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

namespace json = google::protobuf::util;

// On one line or many; safe for a terminal.
std::string JsonText(const google::protobuf::Message& message, bool many_lines) {
  json::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = many_lines;
  std::string text;
  // Cannot fail: texts are UTF-8, and times in range, or protobuf would not have received them.
  if (!json::MessageToJsonString(message, &text, options).ok()) return "{}";
  if (!many_lines) return EscapedForQuotes(text);
  std::string safe;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const auto indent = line.find_first_not_of(' ');
    const auto rest = line.substr(indent);
    absl::StrAppend(&safe, std::string(2 * indent, ' '),
                    EscapedForQuotes({rest.data(), rest.size()}), "\n");
  }
  return safe;
}

// The number of a `\uXXXX` at the text's start.
std::optional<std::uint32_t> EscapedUnit(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t number;
  if (!absl::SimpleHexAtoi(absl::string_view(text.data() + 2, 4), &number)) return std::nullopt;
  return number;
}

std::string Utf8OfPair(std::uint32_t high, std::uint32_t low) {
  const std::uint32_t code_point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  return {static_cast<char>(0xf0 | code_point >> 18),
          static_cast<char>(0x80 | (code_point >> 12 & 0x3f)),
          static_cast<char>(0x80 | (code_point >> 6 & 0x3f)),
          static_cast<char>(0x80 | (code_point & 0x3f))};
}

// Whether YAML reads the text as this string when it stands without quotes.
bool NeedsNoQuotes(const std::string& text) {
  if (text.empty() || !absl::ascii_isalpha(text.front()) || text.back() == ' ') return false;
  for (const char c : text) {
    const bool plain = absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == ' ' ||
                       c == '/' || c == '@';
    if (!plain) return false;
  }
  const auto lower = absl::AsciiStrToLower(text);
  for (const char* word :
       {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"}) {
    if (lower == word) return false;
  }
  return true;
}

std::string Quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else {
      result += c;
    }
  }
  return EscapedForQuotes(result) + "\"";
}

// yaml-cpp tags what stood in quotes, which in JSON is every string and nothing else.
bool IsString(const YAML::Node& node) { return node.Tag() == "!"; }

std::string Scalar(const YAML::Node& node) {
  const auto& text = node.Scalar();
  return !IsString(node) || NeedsNoQuotes(text) ? text : Quoted(text);
}

bool IsListOfScalars(const YAML::Node& node) {
  return node.IsSequence() && (node.size() == 0 || node[0].IsScalar());
}

std::string ScalarList(const YAML::Node& list) {
  std::string text = "[";
  for (const auto& member : list) {
    absl::StrAppend(&text, text.size() > 1 ? ", " : "",
                    // Inside brackets other characters have a meaning, so every string is quoted.
                    IsString(member) ? Quoted(member.Scalar()) : member.Scalar());
  }
  return text + "]";
}

void AppendMap(const YAML::Node& map, int indent, std::string& text);

void AppendListOfMaps(const YAML::Node& list, int indent, std::string& text) {
  for (const auto& member : list) {
    const auto start = text.size();
    AppendMap(member, indent + 2, text);
    if (text.size() == start) {
      absl::StrAppend(&text, std::string(indent, ' '), "- {}\n");
    } else {
      text[start + indent] = '-';
    }
  }
}

void AppendMap(const YAML::Node& map, int indent, std::string& text) {
  for (const auto& field : map) {
    absl::StrAppend(&text, std::string(indent, ' '), field.first.Scalar(), ":");
    const auto& value = field.second;
    if (value.IsMap()) {
      text += '\n';
      AppendMap(value, indent + 2, text);
    } else if (IsListOfScalars(value)) {
      absl::StrAppend(&text, " ", ScalarList(value), "\n");
    } else if (value.IsSequence()) {
      text += '\n';
      AppendListOfMaps(value, indent + 2, text);
    } else {
      absl::StrAppend(&text, " ", Scalar(value), "\n");
    }
  }
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) { return JsonText(message, true); }

std::string ToYaml(const google::protobuf::Message& message) {
  // JSON is YAML, so reading it gives the tree that is to be written in YAML's own style.
  const auto tree = YAML::Load(JoinSurrogates(JsonText(message, false)));
  std::string text;
  AppendMap(tree, 0, text);
  return text.empty() ? "{}\n" : text;
}

std::string JoinSurrogates(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto high = EscapedUnit(text);
    const auto low =
        high && *high >= 0xd800 && *high <= 0xdbff ? EscapedUnit(text.substr(6)) : std::nullopt;
    if (low && *low >= 0xdc00 && *low <= 0xdfff) {
      result += Utf8OfPair(*high, *low);
      text.remove_prefix(12);
      continue;
    }
    // An escaped backslash is not the start of another escape.
    const std::size_t length = text.size() > 1 && text[0] == '\\' && text[1] == '\\' ? 2 : 1;
    result += text.substr(0, length);
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace mutexgroups::ctl
