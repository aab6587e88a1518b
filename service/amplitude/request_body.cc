#include "service/amplitude/request_body.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>

namespace mutexd::amplitude {
namespace {

class BodyWriter {
 public:
  BodyWriter() : writer_(buffer_) { writer_.StartObject(); }

  void Text(const char* name, const std::string& value) {
    writer_.Key(name);
    writer_.String(value);
  }
  void TextIfSet(const char* name, const std::string& value) {
    if (!value.empty()) Text(name, value);
  }
  void Number(const char* name, std::int64_t value) {
    writer_.Key(name);
    writer_.Int64(value);
  }
  void Flag(const char* name, bool value) {
    writer_.Key(name);
    writer_.Bool(value);
  }
  template <typename Numbers>
  void NumberList(const char* name, const Numbers& values) {
    writer_.Key(name);
    writer_.StartArray();
    for (const std::int64_t value : values) writer_.Int64(value);
    writer_.EndArray();
  }
  template <typename Texts>
  void TextList(const char* name, const Texts& values) {
    writer_.Key(name);
    writer_.StartArray();
    for (const std::string& value : values) writer_.String(value);
    writer_.EndArray();
  }
  void BeginList(const char* name) {
    writer_.Key(name);
    writer_.StartArray();
  }
  void EndList() { writer_.EndArray(); }
  void BeginObject() { writer_.StartObject(); }
  void EndObject() { writer_.EndObject(); }

  std::string Finish() {
    writer_.EndObject();
    return std::string(buffer_.GetString(), buffer_.GetSize());
  }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

void WriteSlot(const v1::Slot& slot, BodyWriter& body) {
  body.BeginObject();
  body.Number("percentage", slot.percentage());
  if (slot.experiment_ids_size() > 0) body.NumberList("experiments", slot.experiment_ids());
  if (slot.holdout_ids_size() > 0) body.NumberList("holdouts", slot.holdout_ids());
  if (slot.individuals_size() > 0) body.TextList("individuals", slot.individuals());
  body.EndObject();
}

std::string EvaluationModeText(v1::EvaluationMode mode) {
  switch (mode) {
    case v1::EVALUATION_MODE_LOCAL:
      return "local";
    case v1::EVALUATION_MODE_REMOTE:
      return "remote";
    default:
      return "";
  }
}

}  // namespace

std::string EditBody(const GroupEdit& edit) {
  BodyWriter body;
  if (edit.name) body.Text("name", *edit.name);
  if (edit.description) body.Text("description", *edit.description);
  if (edit.archive) body.Flag("archive", *edit.archive);
  return body.Finish();
}

std::string SlotEditBody(const SlotEdit& edit) {
  BodyWriter body;
  if (edit.experiment_ids) body.NumberList("experiments", *edit.experiment_ids);
  if (edit.holdout_ids) body.NumberList("holdouts", *edit.holdout_ids);
  if (edit.individuals) body.TextList("individuals", *edit.individuals);
  return body.Finish();
}

std::string CreateBody(const v1::MutexGroup& group) {
  BodyWriter body;
  body.Number("projectId", group.project_id());
  body.Text("name", group.name());
  body.BeginList("slots");
  for (const v1::Slot& slot : group.slots()) WriteSlot(slot, body);
  body.EndList();
  body.TextIfSet("key", group.key());
  body.TextIfSet("description", group.description());
  body.TextIfSet("evaluationMode", EvaluationModeText(group.evaluation_mode()));
  body.TextIfSet("bucketingKey", group.bucketing_key());
  body.TextIfSet("bucketingSalt", group.bucketing_salt());
  return body.Finish();
}

}  // namespace mutexd::amplitude
