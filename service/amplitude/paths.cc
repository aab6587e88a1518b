#include "service/amplitude/paths.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mutexd::amplitude {
namespace {

constexpr absl::string_view kCollection = "/api/1/mutexes";

// C0, DEL, and C1 as UTF-8 writes them.
bool HasControlCharacter(absl::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> GroupIdProblem(absl::string_view id) {
  if (id.empty()) return "must not be empty";
  if (id == "." || id == "..") return "must not be \".\" or \"..\"";
  if (id.size() > kMaxGroupIdBytes) {
    return absl::StrCat("must not be longer than ", kMaxGroupIdBytes, " bytes");
  }
  if (HasControlCharacter(id)) return "must not contain control characters";
  return std::nullopt;
}

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string CollectionPath() { return std::string(kCollection); }

std::string ListPath(const ListQuery& query) {
  std::string path = absl::StrCat(kCollection, "?limit=", query.limit);
  if (!query.cursor.empty()) absl::StrAppend(&path, "&cursor=", PercentEncode(query.cursor));
  return path;
}

std::string GroupPath(absl::string_view id) {
  return absl::StrCat(kCollection, "/", PercentEncode(id));
}

std::string SlotPath(absl::string_view id, int path_index) {
  return absl::StrCat(GroupPath(id), "/slots/", path_index);
}

}  // namespace mutexd::amplitude
