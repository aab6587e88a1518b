#include "service/rpc/rpc_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::rpc {
namespace {

using ::testing::MatchesRegex;

constexpr char kGenerated[] = "[0-9a-f]{32}";

TEST(RpcId, IsTheCallersWhereItIsFit) {
  EXPECT_EQ(RpcId("a"), "a");
  EXPECT_EQ(RpcId("Trace/42:~!"), "Trace/42:~!");
  EXPECT_EQ(RpcId(std::string(128, 'x')), std::string(128, 'x'));
}

TEST(RpcId, IsANewOneOtherwise) {
  for (const std::string id : {"", "two words", "line\nbreak", "\x7f", "é"}) {
    EXPECT_THAT(RpcId(id), MatchesRegex(kGenerated)) << id;
  }
  EXPECT_THAT(RpcId(std::string(129, 'x')), MatchesRegex(kGenerated));
}

TEST(RpcId, NewOnesDiffer) { EXPECT_NE(RpcId(""), RpcId("")); }

}  // namespace
}  // namespace mutexd::rpc
