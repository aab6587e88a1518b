#include "service/amplitude/error_text.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "service/amplitude/html_text.h"
#include "service/amplitude/json_document.h"
#include "service/amplitude/secrets.h"
#include "service/amplitude/utf8_text.h"

namespace mutexd::amplitude {
namespace {

// What is looked at of a plain or HTML body, and of a text before secrets are removed.
constexpr std::size_t kMaxRawBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxCleanBytes = std::size_t{4} << 10;

// More texts than these do not fit into kMaxErrorTextBytes.
constexpr std::size_t kMaxTexts = 20;

template <std::size_t size>
bool IsOneOf(absl::string_view name, const absl::string_view (&names)[size]) {
  return std::any_of(std::begin(names), std::end(names), [&](absl::string_view candidate) {
    return absl::EqualsIgnoreCase(name, candidate);
  });
}

// Members that hold what went wrong.
bool NamesAnError(absl::string_view name) {
  constexpr absl::string_view kNames[] = {
      "error",         "errors",       "message",           "messages",
      "msg",           "detail",       "details",           "description",
      "error_message", "errorMessage", "error_description", "reason",
      "title"};
  return IsOneOf(name, kNames);
}

// Members beside them that help nobody who reads a sentence.
bool NamesNoise(absl::string_view name) {
  constexpr absl::string_view kNames[] = {"code",  "status",    "statusCode", "type", "stack",
                                          "trace", "timestamp", "requestId",  "path", "request_id"};
  return IsOneOf(name, kNames);
}

// Collects the texts of a JSON error. Inside a member that names an error everything counts; the
// names of fields there (`{"errors": {"name": ["is required"]}}`) belong to the text.
class JsonErrorTexts {
 public:
  void Visit(const JsonValue& value, bool counts, absl::string_view field) {
    if (texts_.size() >= kMaxTexts) return;
    if (counts && value.Is(JsonKind::kString)) Add(field, value.text());
    value.ForEachElement([&](const JsonValue& element) { Visit(element, counts, field); });
    value.ForEachMember([&](absl::string_view name, const JsonValue& member) {
      if (NamesAnError(name)) {
        Visit(member, true, field);
      } else if (!NamesNoise(name)) {
        Visit(member, counts, counts ? name : field);
      }
    });
  }

  std::string Join() const { return absl::StrJoin(texts_, "; "); }

 private:
  void Add(absl::string_view field, absl::string_view text) {
    text = absl::StripAsciiWhitespace(text.substr(0, kMaxCleanBytes));
    if (text.empty()) return;
    std::string added = field.empty() ? std::string(text) : absl::StrCat(field, ": ", text);
    if (std::find(texts_.begin(), texts_.end(), added) == texts_.end()) {
      texts_.push_back(std::move(added));
    }
  }

  std::vector<std::string> texts_;
};

bool LooksLikeJson(absl::string_view body) { return absl::StrContains("{[\"", body.substr(0, 1)); }

// The texts of a JSON error; empty where `body` is not JSON or names no error.
std::string TextOfJson(absl::string_view body) {
  const auto parsed = JsonDocument::Parse(std::string(body));
  const auto* document = std::get_if<JsonDocument>(&parsed);
  if (document == nullptr) return "";
  const JsonValue root = document->root();
  JsonErrorTexts texts;
  texts.Visit(root, !root.Is(JsonKind::kObject), "");
  return texts.Join();
}

// Whether the character, not ASCII, at the start of `text` shows nothing or turns the line around:
// C1 controls, zero-width and directional marks, line and paragraph separators, the byte order
// mark.
bool IsInvisible(absl::string_view text) {
  if (text[0] == '\xC2') return static_cast<unsigned char>(text[1]) < 0xA0;
  const absl::string_view three = text.substr(0, 3);
  return (three >= "\xE2\x80\x8B" && three <= "\xE2\x80\x8F") ||
         (three >= "\xE2\x80\xA8" && three <= "\xE2\x80\xAE") ||
         (three >= "\xE2\x81\xA0" && three <= "\xE2\x81\xAF") || three == "\xEF\xBB\xBF";
}

// One line of valid UTF-8: white space becomes single spaces, control characters go.
std::string OneLine(absl::string_view text) {
  std::string valid;
  AppendValidUtf8(text, valid);
  std::string line;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    if (absl::ascii_isspace(c)) {
      if (!line.empty() && line.back() != ' ') line.push_back(' ');
    } else if (static_cast<unsigned char>(c) >= 0xC0 &&
               IsInvisible(absl::string_view(valid).substr(i))) {
      i += c == '\xC2' ? 1 : 2;
    } else if (!absl::ascii_iscntrl(c)) {
      line.push_back(c);
    }
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

std::string Clip(std::string text) {
  constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";
  if (text.size() <= kMaxErrorTextBytes) return text;
  return absl::StrCat(ClipUtf8(text, kMaxErrorTextBytes - kEllipsis.size()), kEllipsis);
}

}  // namespace

std::string ReduceErrorText(absl::string_view body, absl::string_view key_in_use) {
  absl::ConsumePrefix(&body, "\xEF\xBB\xBF");
  body = absl::StripAsciiWhitespace(body);
  std::string text;
  if (LooksLikeJson(body)) {
    text = TextOfJson(body);
  } else if (LooksLikeHtml(body)) {
    text = TextOfHtml(body.substr(0, kMaxRawBytes));
  }
  if (text.empty() && !LooksLikeHtml(body)) text = std::string(body.substr(0, kMaxRawBytes));
  const std::string line = OneLine(text);
  return Clip(RemoveSecrets(absl::string_view(line).substr(0, kMaxCleanBytes), key_in_use));
}

}  // namespace mutexd::amplitude
