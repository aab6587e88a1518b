#include "client/cpp/mutexctl/suggestion.h"

#include <gtest/gtest.h>

namespace mutexgroups::ctl {
namespace {

const std::vector<std::string> kNames = {"list", "get", "percentage", "experiment_ids"};

TEST(Suggestion, FindsTheNearestName) {
  EXPECT_EQ(Suggestion("lsit", kNames), "list");
  EXPECT_EQ(Suggestion("LIST", kNames), "list");
  EXPECT_EQ(Suggestion("percent_age", kNames), "percentage");
  EXPECT_EQ(Suggestion("experiment_id", kNames), "experiment_ids");
  EXPECT_EQ(Suggestion("exp", kNames), "experiment_ids");
  EXPECT_EQ(Suggestion("percent", kNames), "percentage");
}

TEST(Suggestion, DoesNotGuessWildly) {
  EXPECT_EQ(Suggestion("weight", kNames), "");
  EXPECT_EQ(Suggestion("x", kNames), "");
  EXPECT_EQ(Suggestion("", kNames), "");
  EXPECT_EQ(Suggestion(std::string(100000, 'x'), kNames), "");
}

}  // namespace
}  // namespace mutexgroups::ctl
