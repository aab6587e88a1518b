#include "mutexgroups/service_config.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "mutexgroups/published_service_config.h"

namespace mutexgroups {

std::string ServiceConfigJson(std::string_view server) {
  namespace json = google::protobuf::util;
  google::protobuf::Struct config;
  // The text is part of the program, and a test reads it.
  if (!json::JsonStringToMessage(kPublishedServiceConfig, &config).ok()) return "{}";
  if (!server.starts_with("dns:")) config.mutable_fields()->erase("loadBalancingConfig");
  auto& methods = (*config.mutable_fields())["methodConfig"];
  for (auto& method : *methods.mutable_list_value()->mutable_values()) {
    method.mutable_struct_value()->mutable_fields()->erase("timeout");
  }
  std::string result;
  if (!json::MessageToJsonString(config, &result).ok()) return "{}";
  return result;
}

}  // namespace mutexgroups
