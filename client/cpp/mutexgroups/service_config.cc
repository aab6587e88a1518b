#include "mutexgroups/service_config.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_format.h"
#include "mutexgroups/published_service_config.h"

namespace mutexgroups {

std::string ServiceConfigJson(std::chrono::milliseconds timeout) {
  namespace json = google::protobuf::util;
  google::protobuf::Struct config;
  // The text is part of the program, and a test reads it.
  if (!json::JsonStringToMessage(kPublishedServiceConfig, &config).ok()) return "{}";
  const auto text = absl::StrFormat("%d.%03ds", timeout.count() / 1000, timeout.count() % 1000);
  auto& methods = (*config.mutable_fields())["methodConfig"];
  for (auto& method : *methods.mutable_list_value()->mutable_values()) {
    auto& fields = *method.mutable_struct_value()->mutable_fields();
    if (fields.contains("timeout")) fields["timeout"].set_string_value(text);
  }
  std::string result;
  if (!json::MessageToJsonString(config, &result).ok()) return "{}";
  return result;
}

}  // namespace mutexgroups
