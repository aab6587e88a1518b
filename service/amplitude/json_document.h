// A JSON text, read whole and once into a flat list of nodes that views walk over.
//
// Made for replies that nobody vouches for: nesting is limited, numbers stay as they were written
// (1e400 and 2^70 are numbers like any other), texts are valid UTF-8 whatever the bytes were, and
// what is read is checked by kind first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace mutexd::amplitude {

// Arrays and objects may be nested this deep.
inline constexpr int kMaxJsonDepth = 64;

enum class JsonKind : std::uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

// For error messages, such as "a string", "null".
absl::string_view JsonKindName(JsonKind kind);

struct JsonError {
  std::size_t offset = 0;  // bytes from the start of the text
  std::string problem;     // a clause without the text itself
};

class JsonValue;

class JsonDocument {
 public:
  // A leading byte order mark is skipped.
  static std::variant<JsonDocument, JsonError> Parse(std::string text);

  JsonValue root() const;

 private:
  friend class JsonValue;
  friend class JsonDocumentBuilder;

  // Eight bytes, since a page has some hundred thousand. Children follow their parent; a member is
  // a string node, its name, and then its value.
  struct Node {
    JsonKind kind : 4;
    std::uint32_t begin : 28;  // of a text or number: where it begins in texts_
    std::uint32_t size;        // its length; of an array or object: the index of the node behind it
  };

  std::vector<Node> nodes_;
  std::string texts_;
};

// One value of a document, which must outlive it. Cheap to copy.
class JsonValue {
 public:
  JsonKind kind() const { return node().kind; }
  bool Is(JsonKind wanted) const { return kind() == wanted; }

  // Of a string, what it says; of a number, how it is written. Empty for other kinds.
  absl::string_view text() const;

  // The value as JSON without white space.
  std::string ToJson() const;

  // Calls `visit(JsonValue element)` for each element of an array; for other kinds never.
  template <typename Visitor>
  void ForEachElement(Visitor visit) const;

  // Calls `visit(absl::string_view name, JsonValue value)` for each member of an object, in order
  // and repeated names included; for other kinds never.
  template <typename Visitor>
  void ForEachMember(Visitor visit) const;

 private:
  friend class JsonDocument;

  JsonValue(const JsonDocument& document, std::uint32_t index)
      : document_(&document), index_(index) {}

  const JsonDocument::Node& node() const { return document_->nodes_[index_]; }
  JsonValue At(std::uint32_t index) const { return JsonValue(*document_, index); }
  std::uint32_t IndexBehind() const;

  const JsonDocument* document_;
  std::uint32_t index_;
};

// -- implementation

inline JsonValue JsonDocument::root() const { return JsonValue(*this, 0); }

inline absl::string_view JsonValue::text() const {
  if (kind() != JsonKind::kString && kind() != JsonKind::kNumber) return {};
  return absl::string_view(document_->texts_.data() + node().begin, node().size);
}

inline std::uint32_t JsonValue::IndexBehind() const {
  const bool container = kind() == JsonKind::kArray || kind() == JsonKind::kObject;
  return container ? node().size : index_ + 1;
}

template <typename Visitor>
void JsonValue::ForEachElement(Visitor visit) const {
  if (kind() != JsonKind::kArray) return;
  for (JsonValue element = At(index_ + 1); element.index_ < node().size;
       element = At(element.IndexBehind())) {
    visit(element);
  }
}

template <typename Visitor>
void JsonValue::ForEachMember(Visitor visit) const {
  if (kind() != JsonKind::kObject) return;
  for (JsonValue name = At(index_ + 1); name.index_ < node().size;) {
    const JsonValue value = At(name.index_ + 1);
    visit(name.text(), value);
    name = At(value.IndexBehind());
  }
}

}  // namespace mutexd::amplitude
