#include "service/sandbox/request_body.h"

#include <optional>
#include <string>

#include "service/sandbox/group_json.h"
#include "service/sandbox/json_fields.h"

namespace mutexd::sandbox {
namespace {

// A text that may be absent but not empty.
std::optional<std::string> NonEmptyText(FieldReader& reader, absl::string_view name) {
  std::optional<std::string> text = reader.Text(name);
  if (text && text->empty()) reader.Fail(reader.PathOf(name), "must not be empty");
  return text;
}

}  // namespace

absl::StatusOr<NewGroup> ParseCreate(absl::string_view body) {
  const absl::StatusOr<rapidjson::Document> document = ParseJsonObject(body);
  if (!document.ok()) return document.status();
  absl::Status error;
  FieldReader reader(*document, "", Nulls::kAbsent, error);
  NewGroup group;
  group.project_id = reader.RequiredId("projectId");
  group.name = reader.RequiredText("name");
  group.slots = ReadSlots(reader, error);
  group.key = NonEmptyText(reader, "key");
  group.description = reader.Text("description");
  group.evaluation_mode = ReadEvaluationMode(reader);
  group.bucketing_key = NonEmptyText(reader, "bucketingKey");
  group.bucketing_salt = NonEmptyText(reader, "bucketingSalt");
  if (!error.ok()) return error;
  return group;
}

absl::StatusOr<GroupEdit> ParseGroupEdit(absl::string_view body) {
  const absl::StatusOr<rapidjson::Document> document = ParseJsonObject(body);
  if (!document.ok()) return document.status();
  absl::Status error;
  FieldReader reader(*document, "", Nulls::kInvalid, error);
  GroupEdit edit;
  edit.archive = reader.Boolean("archive");
  if (edit.archive.value_or(false)) return edit;
  edit.name = NonEmptyText(reader, "name");
  if (const rapidjson::Value* description = reader.Find("description")) {
    if (description->IsNull()) {
      edit.description.emplace(std::nullopt);
    } else {
      edit.description.emplace(reader.Text("description"));
    }
  }
  if (!error.ok()) return error;
  return edit;
}

absl::StatusOr<SlotEdit> ParseSlotEdit(absl::string_view body) {
  const absl::StatusOr<rapidjson::Document> document = ParseJsonObject(body);
  if (!document.ok()) return document.status();
  absl::Status error;
  FieldReader reader(*document, "", Nulls::kInvalid, error);
  SlotEdit edit;
  edit.experiments = reader.Ids("experiments");
  edit.holdouts = reader.Ids("holdouts");
  edit.individuals = reader.Texts("individuals");
  if (!error.ok()) return error;
  return edit;
}

}  // namespace mutexd::sandbox
