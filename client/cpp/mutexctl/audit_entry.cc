#include "client/cpp/mutexctl/audit_entry.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

const Value& FieldOf(const Struct& line, const char* name) {
  const auto found = line.fields().find(name);
  return found == line.fields().end() ? Value::default_instance() : found->second;
}

std::string JsonOf(const Value& value) {
  std::string json;
  if (value.kind_case() != Value::kStructValue) return json;
  if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) json.clear();
  return json;
}

absl::StatusOr<std::optional<v1::MutexGroup>> GroupOf(const Struct& line, const char* name) {
  const Value& value = FieldOf(line, name);
  if (value.kind_case() == Value::kNullValue || value.kind_case() == Value::KIND_NOT_SET) {
    return std::nullopt;
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::MutexGroup group;
  if (!google::protobuf::util::JsonStringToMessage(JsonOf(value), &group, options).ok()) {
    return absl::InvalidArgumentError(absl::StrCat("`", name, "` is not a mutex group"));
  }
  return group;
}

}  // namespace

absl::StatusOr<AuditEntry> ParseAuditLine(std::string_view text) {
  Struct line;
  if (!IsUtf8(text)) return absl::InvalidArgumentError("not UTF-8");
  const std::string json(text);
  if (!google::protobuf::util::JsonStringToMessage(json, &line).ok()) {
    return absl::InvalidArgumentError("not a JSON object");
  }
  const auto text_of = [&line](const char* name) { return FieldOf(line, name).string_value(); };
  AuditEntry entry;
  entry.event = text_of("event");
  if (entry.event.empty()) return absl::InvalidArgumentError("`event` is missing");
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text_of("time"), &entry.time, &error)) {
    return absl::InvalidArgumentError("`time` is not a time");
  }
  entry.version = text_of("version");
  entry.attempts = static_cast<std::int64_t>(FieldOf(line, "attempts").number_value());
  entry.rpc_id = text_of("rpc_id");
  entry.caller = text_of("caller");
  entry.peer = text_of("peer");
  entry.method = text_of("method");
  entry.mutex_group_id = text_of("mutex_group_id");
  entry.code = text_of("code");
  entry.reason = text_of("reason");
  entry.message = text_of("message");
  entry.request = JsonOf(FieldOf(line, "request"));
  entry.http_status = static_cast<int>(FieldOf(line, "http_status").number_value());
  entry.write_sent = FieldOf(line, "write_sent").bool_value();
  entry.omitted_members =
      static_cast<std::int64_t>(FieldOf(line, "omitted_members").number_value());
  auto before = GroupOf(line, "before");
  if (!before.ok()) return before.status();
  entry.before = *std::move(before);
  auto after = GroupOf(line, "after");
  if (!after.ok()) return after.status();
  entry.after = *std::move(after);
  return entry;
}

}  // namespace mutexgroups::ctl
