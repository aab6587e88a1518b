#include "client/cpp/mutexctl/error_block.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

constexpr std::size_t kLabelWidth = 13;

void AppendLine(std::string& block, const std::string& label, const std::string& text) {
  absl::StrAppend(&block, "  ", label, ":", std::string(kLabelWidth - label.size(), ' '),
                  Escaped(text), "\n");
}

void AppendFields(std::string& block, const Error& error) {
  if (error.violations.empty()) return;
  block += "  fields:\n";
  for (const auto& violation : error.violations) {
    absl::StrAppend(&block, "    ", Escaped(violation.field), violation.field.empty() ? "" : ": ",
                    Escaped(violation.description), "\n");
  }
}

void AppendResource(std::string& block, const Error& error) {
  if (!error.resource) return;
  std::string text = absl::StrCat(error.resource->type, " ", error.resource->name);
  if (!error.resource->description.empty()) {
    absl::StrAppend(&text, " (", error.resource->description, ")");
  }
  AppendLine(block, "resource", text);
}

void AppendQuotas(std::string& block, const Error& error) {
  for (const auto& violation : error.quota_violations) {
    AppendLine(block, "quota", absl::StrCat(violation.subject, ": ", violation.description));
  }
}

void AppendMetadata(std::string& block, const Error& error) {
  for (const auto& [key, value] : error.metadata) {
    // `create` tells it where it is of use.
    if (key == "request_id") continue;
    if (key == "http_status") {
      AppendLine(block, "amplitude", absl::StrCat("HTTP ", value));
    } else {
      AppendLine(block, "detail", absl::StrCat(key, " = ", value));
    }
  }
}

std::string DurationText(std::chrono::milliseconds delay) {
  return absl::FormatDuration(absl::FromChrono(delay));
}

}  // namespace

std::string ErrorBlock(const Error& error, const std::string& remedy) {
  std::string block = absl::StrCat("error: ", CodeName(error.code));
  if (!error.reason_name.empty()) absl::StrAppend(&block, " (", Escaped(error.reason_name), ")");
  if (!error.message.empty()) absl::StrAppend(&block, ": ", Escaped(error.message));
  block += '\n';
  AppendFields(block, error);
  AppendResource(block, error);
  AppendQuotas(block, error);
  AppendMetadata(block, error);
  if (error.retry_delay) AppendLine(block, "retry after", DurationText(*error.retry_delay));
  if (!error.request_id.empty()) AppendLine(block, "request id", error.request_id);
  if (!remedy.empty()) AppendLine(block, "remedy", remedy);
  return block;
}

}  // namespace mutexgroups::ctl
