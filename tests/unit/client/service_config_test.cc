#include "mutexgroups/service_config.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_replace.h"

namespace mutexgroups {
namespace {

using google::protobuf::Struct;

Struct Parsed(const std::string& json) {
  Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) << json;
  return parsed;
}

TEST(ServiceConfig, IsThePublishedOneWithTheCallersTimeout) {
  std::ifstream file(SOURCE_DIR "/proto/mutexgroups/v1/service_config.json");
  std::stringstream published;
  published << file.rdbuf();
  ASSERT_THAT(published.str(), ::testing::HasSubstr("\"timeout\": \"30s\""));
  const auto expected = absl::StrReplaceAll(published.str(), {{"\"30s\"", "\"90.050s\""}});
  EXPECT_EQ(Parsed(ServiceConfigJson(std::chrono::milliseconds(90050))).DebugString(),
            Parsed(expected).DebugString());
}

}  // namespace
}  // namespace mutexgroups
