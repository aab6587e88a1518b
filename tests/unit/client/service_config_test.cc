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
  EXPECT_EQ(Parsed(ServiceConfigJson("dns:///mutexd.example:50051")).DebugString(),
            Parsed(expected).DebugString());
}

TEST(ServiceConfig, BalancesOnlyOverTheAddressesOfAName) {
  const auto balances = [](std::string_view server) {
    return Parsed(ServiceConfigJson(server)).fields().contains("loadBalancingConfig");
  };
  EXPECT_TRUE(balances("dns:///mutexd.example:50051"));
  EXPECT_TRUE(balances("dns://127.0.0.1:53/mutexd.example:50051"));
  EXPECT_FALSE(balances("mutexd.example:50051"));
  EXPECT_FALSE(balances("unix:/run/mutexd.sock"));
}

}  // namespace
}  // namespace mutexgroups
