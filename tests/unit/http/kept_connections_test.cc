#include "service/http/kept_connections.h"

#include <gtest/gtest.h>

namespace mutexd::http {
namespace {

KeptConnections::TimePoint Now() { return asio::steady_timer::clock_type::now(); }

class KeptConnectionsTest : public ::testing::Test {
 protected:
  asio::io_context loop_;
  KeptConnections kept_{
      loop_.get_executor(), {.max_host_connections = 1, .max_kept_connections = 1}, absl::Hours(1)};
};

TEST_F(KeptConnectionsTest, AreTheSameWhileYoungAndAnswering) {
  const auto first = kept_.Current();
  kept_.OnAnswer(*first);
  EXPECT_EQ(kept_.Current(), first);
}

TEST_F(KeptConnectionsTest, AreOthersWhenTooOld) {
  KeptConnections kept(loop_.get_executor(), {}, absl::ZeroDuration());
  const auto first = kept.Current();
  EXPECT_NE(kept.Current(), first);
}

TEST_F(KeptConnectionsTest, AreOthersAfterASilence) {
  const auto first = kept_.Current();
  kept_.OnSilence(*first, Now());
  EXPECT_NE(kept_.Current(), first);
}

TEST_F(KeptConnectionsTest, AreTheSameWhereAnAnswerBrokeTheSilence) {
  const auto first = kept_.Current();
  const KeptConnections::TimePoint before = Now() - std::chrono::seconds(1);
  kept_.OnAnswer(*first);
  kept_.OnSilence(*first, before);
  EXPECT_EQ(kept_.Current(), first);
}

TEST_F(KeptConnectionsTest, AreNotLeftForTheSilenceOfThoseThatWereLeft) {
  const auto first = kept_.Current();
  kept_.OnSilence(*first, Now());
  const auto second = kept_.Current();
  kept_.OnSilence(*first, Now());
  EXPECT_EQ(kept_.Current(), second);
}

TEST_F(KeptConnectionsTest, AreClosedWhenLeftByAll) {
  auto first = kept_.Current();
  const std::weak_ptr<CurlLoop> watched = first;
  kept_.OnSilence(*first, Now());
  EXPECT_FALSE(watched.expired()) << "a transfer is under way";
  first.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace mutexd::http
