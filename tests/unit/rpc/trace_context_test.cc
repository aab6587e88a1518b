#include "service/rpc/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace mutexd::rpc {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";

TEST(TraceContext, TakesTheIdsOfAWellFormedHeader) {
  const auto trace = ParseTraceparent("00-" + kTrace + "-" + kSpan + "-01");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->trace_id, kTrace);
  EXPECT_EQ(trace->span_id, kSpan);
}

TEST(TraceContext, TakesWhatItKnowsOfALaterVersion) {
  EXPECT_TRUE(ParseTraceparent("01-" + kTrace + "-" + kSpan + "-01-more"));
  EXPECT_TRUE(ParseTraceparent("cc-" + kTrace + "-" + kSpan + "-01"));
}

TEST(TraceContext, IgnoresWhatIsNotByTheGrammar) {
  const std::string upper = "4BF92F3577B34DA6A3CE929D0E0E4736";
  for (const std::string& header : {
           std::string(),
           std::string("00"),
           "00-" + kTrace + "-" + kSpan,
           "00-" + kTrace + "-" + kSpan + "-1",
           "00-" + kTrace + "-" + kSpan + "-01-",
           "00-" + kTrace + "-" + kSpan + "-01x",
           "01-" + kTrace + "-" + kSpan + "-01x",
           "ff-" + kTrace + "-" + kSpan + "-01",
           "0g-" + kTrace + "-" + kSpan + "-01",
           "00-" + upper + "-" + kSpan + "-01",
           "00-" + std::string(32, '0') + "-" + kSpan + "-01",
           "00-" + kTrace + "-" + std::string(16, '0') + "-01",
           "00_" + kTrace + "-" + kSpan + "-01",
           "00-" + kTrace + "\n" + kSpan + "-01",
           " 00-" + kTrace + "-" + kSpan + "-01",
       }) {
    EXPECT_FALSE(ParseTraceparent(header)) << header;
  }
}

}  // namespace
}  // namespace mutexd::rpc
