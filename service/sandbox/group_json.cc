#include "service/sandbox/group_json.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace mutexd::sandbox {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void WriteText(Writer& writer, const char* name, absl::string_view text) {
  writer.Key(name);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void WriteTime(Writer& writer, const char* name, absl::Time time) {
  WriteText(writer, name, absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()));
}

void WriteIds(Writer& writer, const char* name, const std::vector<std::int64_t>& ids) {
  writer.Key(name);
  writer.StartArray();
  for (const std::int64_t id : ids) writer.Int64(id);
  writer.EndArray();
}

void WriteTexts(Writer& writer, const char* name, const std::vector<std::string>& texts) {
  writer.Key(name);
  writer.StartArray();
  for (const std::string& text : texts) writer.String(text);
  writer.EndArray();
}

void WriteSlot(Writer& writer, const Slot& slot, std::size_t number) {
  writer.StartObject();
  WriteText(writer, "name", absl::StrCat("SLOT ", number));
  writer.Key("index");
  writer.Uint64(number);
  WriteText(writer, "variantKey", absl::StrCat("slot-", number));
  writer.Key("percentage");
  writer.Int(slot.percentage);
  WriteIds(writer, "experiments", slot.experiments);
  WriteIds(writer, "holdouts", slot.holdouts);
  WriteTexts(writer, "individuals", slot.individuals);
  WriteTexts(writer, "cohorts", slot.cohorts);
  writer.EndObject();
}

absl::Time ReadTime(FieldReader& reader, absl::string_view name) {
  absl::Time time = absl::UnixEpoch();
  const std::optional<std::string> text = reader.Text(name);
  if (text && !absl::ParseTime(absl::RFC3339_full, *text, &time, nullptr)) {
    reader.Fail(reader.PathOf(name), "must be a time such as 2024-05-01T12:00:00.000Z");
  }
  return time;
}

Slot ReadSlot(const rapidjson::Value& object, const std::string& path, absl::Status& error) {
  FieldReader reader(object, path, Nulls::kAbsent, error);
  Slot slot;
  const std::int64_t percentage = reader.Integer("percentage").value_or(0);
  if (percentage < 1 || percentage > kTotalPercentage) {
    reader.Fail(reader.PathOf("percentage"), "must be an integer from 1 to 100");
  } else {
    slot.percentage = static_cast<int>(percentage);
  }
  slot.experiments = reader.Ids("experiments").value_or(std::vector<std::int64_t>());
  slot.holdouts = reader.Ids("holdouts").value_or(std::vector<std::int64_t>());
  slot.individuals = reader.Texts("individuals").value_or(std::vector<std::string>());
  slot.cohorts = reader.Texts("cohorts").value_or(std::vector<std::string>());
  return slot;
}

}  // namespace

std::string GroupToJson(const MutexGroup& group) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("id");
  writer.Int64(group.id);
  writer.Key("projectId");
  writer.Int64(group.project_id);
  WriteText(writer, "name", group.name);
  WriteText(writer, "key", group.key);
  if (group.description) {
    WriteText(writer, "description", *group.description);
  } else {
    writer.Key("description");
    writer.Null();
  }
  WriteText(writer, "evaluationMode",
            group.evaluation_mode == EvaluationMode::kLocal ? "local" : "remote");
  WriteText(writer, "bucketingKey", group.bucketing_key);
  WriteText(writer, "bucketingSalt", group.bucketing_salt);
  writer.Key("slots");
  writer.StartArray();
  for (std::size_t i = 0; i < group.slots.size(); ++i) WriteSlot(writer, group.slots[i], i + 1);
  writer.EndArray();
  writer.Key("deleted");
  writer.Bool(group.deleted);
  WriteText(writer, "createdBy", group.created_by);
  WriteText(writer, "lastModifiedBy", group.last_modified_by);
  WriteTime(writer, "createdAt", group.created_at);
  WriteTime(writer, "lastModifiedAt", group.last_modified_at);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

MutexGroup ReadGroup(const rapidjson::Value& object, const std::string& path, absl::Status& error) {
  FieldReader reader(object, path, Nulls::kAbsent, error);
  MutexGroup group;
  group.id = reader.RequiredId("id");
  group.project_id = reader.RequiredId("projectId");
  group.key = reader.RequiredText("key");
  group.name = reader.RequiredText("name");
  group.description = reader.Text("description");
  group.evaluation_mode = ReadEvaluationMode(reader);
  group.bucketing_key = reader.Text("bucketingKey").value_or(group.bucketing_key);
  group.bucketing_salt = reader.Text("bucketingSalt").value_or("");
  group.slots = ReadSlots(reader, error);
  group.deleted = reader.Boolean("deleted").value_or(false);
  group.created_by = reader.Text("createdBy").value_or("");
  group.last_modified_by = reader.Text("lastModifiedBy").value_or("");
  group.created_at = ReadTime(reader, "createdAt");
  group.last_modified_at = ReadTime(reader, "lastModifiedAt");
  return group;
}

std::vector<Slot> ReadSlots(FieldReader& reader, absl::Status& error) {
  const rapidjson::Value* value = reader.Find("slots");
  if (value == nullptr) {
    reader.Fail(reader.PathOf("slots"), "is required");
    return {};
  }
  if (!value->IsArray() || value->Empty() || value->Size() > kMaxSlots) {
    reader.Fail(reader.PathOf("slots"), absl::StrCat("must be an array of 1 to ", kMaxSlots));
    return {};
  }
  std::vector<Slot> slots;
  int total = 0;
  for (const rapidjson::Value& element : value->GetArray()) {
    slots.push_back(ReadSlot(element, reader.PathOf("slots", slots.size()), error));
    total += slots.back().percentage;
  }
  if (total != kTotalPercentage) {
    reader.Fail(reader.PathOf("slots"),
                absl::StrCat("must have percentages that sum to 100, not ", total));
  }
  return slots;
}

EvaluationMode ReadEvaluationMode(FieldReader& reader) {
  const std::string mode = reader.Text("evaluationMode").value_or("remote");
  if (mode == "local") return EvaluationMode::kLocal;
  if (mode != "remote") {
    reader.Fail(reader.PathOf("evaluationMode"), "must be \"local\" or \"remote\"");
  }
  return EvaluationMode::kRemote;
}

}  // namespace mutexd::sandbox
