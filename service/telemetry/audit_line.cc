#include "service/telemetry/audit_line.h"

#include <google/protobuf/util/json_util.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/amplitude/error.h"
#include "service/telemetry/clipped_message.h"
#include "service/telemetry/json_text.h"

namespace mutexd::telemetry {
namespace {

using amplitude::FetchedGroup;
using google::protobuf::Message;
using ::mutexgroups::v1::MutexGroup;

void AppendText(std::string& out, absl::string_view name, absl::string_view text) {
  if (text.empty()) return;
  absl::StrAppend(&out, ",\"", name, "\":");
  AppendJsonString(out, text);
}

std::string Opening(absl::string_view event, absl::Time time) {
  return absl::StrCat(R"({"event":")", event, R"(","time":")",
                      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()), "\"");
}

// The API's JSON. Groups have lists that are empty and texts that are unset, too.
std::string ToJson(const Message& message, bool with_unset) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = with_unset;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return json;
  json.clear();
  AppendJsonString(json, message.ShortDebugString());  // with a time that JSON cannot tell
  return json;
}

// What a line tells of contents. Null where there is none.
struct Contents {
  std::unique_ptr<Message> request;
  std::unique_ptr<MutexGroup> before;
  std::unique_ptr<MutexGroup> after;
};

std::unique_ptr<MutexGroup> CopyOf(const std::shared_ptr<const FetchedGroup>& group) {
  return group == nullptr ? nullptr : std::make_unique<MutexGroup>(*group->group);
}

Contents ContentsOf(const rpc::WriteRecord& record) {
  Contents contents{nullptr, CopyOf(record.before), CopyOf(record.after)};
  if (record.request != nullptr) {
    contents.request.reset(record.request->New());
    contents.request->CopyFrom(*record.request);
  }
  // What succeeded without a write has found everything as it should be.
  if (record.after == nullptr && record.report.status.ok()) contents.after = CopyOf(record.before);
  return contents;
}

// `,"request":…,"before":…,"after":…`, and what was left out.
std::string ContentsJson(const rpc::WriteRecord& record, const Clip& clip) {
  Contents contents = ContentsOf(record);
  std::size_t cut_texts = 0;
  std::size_t dropped = 0;
  if (contents.before != nullptr && contents.after != nullptr) {
    dropped += KeepDifferences(*contents.before, *contents.after, clip.members);
  }
  std::string json;
  const auto append = [&](absl::string_view name, Message* message) {
    if (message != nullptr) dropped += ClipMessage(*message, clip, cut_texts);
    absl::StrAppend(
        &json, ",\"", name,
        "\":", message == nullptr ? "null" : ToJson(*message, message != contents.request.get()));
  };
  append("request", contents.request.get());
  append("before", contents.before.get());
  append("after", contents.after.get());
  if (dropped > 0) absl::StrAppend(&json, ",\"omitted_members\":", dropped);
  if (cut_texts > 0) absl::StrAppend(&json, ",\"cut_texts\":", cut_texts);
  return json;
}

std::string BoundedContents(const rpc::WriteRecord& record, const AuditLimits& limits) {
  Clip clip{limits.members, limits.text_bytes};
  std::string json = ContentsJson(record, clip);
  while (json.size() > limits.line_bytes && clip.members > 0) {
    clip.members /= 10;
    json = ContentsJson(record, clip);
  }
  return json;
}

}  // namespace

std::string AuditLine(const rpc::WriteRecord& record, const AuditLimits& limits) {
  const rpc::RpcReport& report = record.report;
  std::string line = Opening("write", record.time);
  AppendText(line, "rpc_id", report.rpc_id);
  AppendText(line, "trace_id", report.trace_id);
  AppendText(line, "span_id", report.span_id);
  AppendText(line, "caller", report.caller);
  AppendText(line, "peer", report.peer);
  AppendText(line, "user_agent", report.user_agent);
  AppendText(line, "method", report.method);
  AppendText(line, "mutex_group_id", report.mutex_group_id);
  AppendText(line, "code", absl::StatusCodeToString(report.status.code()));
  if (!report.status.ok()) {
    const auto reason = amplitude::ReasonOf(report.status);
    if (reason != amplitude::v1::ERROR_REASON_UNSPECIFIED) {
      AppendText(line, "reason", amplitude::ReasonName(reason));
    }
    AppendText(line, "message", report.status.message().substr(0, limits.text_bytes));
  }
  if (report.http_status != 0) absl::StrAppend(&line, ",\"http_status\":", report.http_status);
  absl::StrAppend(&line, ",\"write_sent\":", report.write_sent ? "true" : "false");
  absl::StrAppendFormat(&line, ",\"duration_ms\":%.3f",
                        absl::ToDoubleMilliseconds(report.duration));
  absl::StrAppend(&line, BoundedContents(record, limits), "}\n");
  return line;
}

std::string AuditOpenedLine(absl::Time time, absl::string_view version) {
  std::string line = Opening("opened", time);
  AppendText(line, "version", version);
  absl::StrAppend(&line, "}\n");
  return line;
}

std::string AuditLostLine(absl::Time time, std::size_t lost) {
  return absl::StrCat(Opening("lost", time), ",\"attempts\":", lost, "}\n");
}

}  // namespace mutexd::telemetry
