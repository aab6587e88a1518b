#include "mutexgroups/service_config.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace mutexgroups {
namespace {

using google::protobuf::Struct;

Struct Parsed(const std::string& json) {
  Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) << json;
  return parsed;
}

TEST(ServiceConfig, IsThePublishedOneWithoutItsTimeouts) {
  const std::string kTimeout = "\"timeout\": \"30s\"";
  std::ifstream file(SOURCE_DIR "/proto/mutexgroups/v1/service_config.json");
  std::stringstream published;
  published << file.rdbuf();
  ASSERT_THAT(published.str(), ::testing::HasSubstr(kTimeout));
  // The second one is the last member of its object.
  const auto expected = absl::StrReplaceAll(
      published.str(),
      {{absl::StrCat(kTimeout, ",\n"), ""}, {absl::StrCat(",\n      ", kTimeout), ""}});
  EXPECT_EQ(Parsed(ServiceConfigJson()).DebugString(), Parsed(expected).DebugString());
}

}  // namespace
}  // namespace mutexgroups
