#include "service/app/accept_telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(AcceptTelemetry, RefusesWhatIsOverTheLimitAndWarnsOnceUntilThereIsRoom) {
  telemetry::CapturedLog captured;
  telemetry::Metrics metrics;
  AcceptTelemetry connections(1, metrics, captured.log());
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_TRUE(connections.OnAccepted(ends[0]));
  EXPECT_FALSE(connections.OnAccepted(ends[1]));
  EXPECT_FALSE(connections.OnAccepted(ends[1]));
  EXPECT_THAT(metrics.Expose(), AllOf(HasSubstr("mutexd_connections_open 1\n"),
                                      HasSubstr("mutexd_connections_accepted_total 1\n"),
                                      HasSubstr("mutexd_connections_refused_total 2\n")));
  close(ends[0]);
  EXPECT_TRUE(connections.OnAccepted(ends[1]));
  close(ends[1]);
  EXPECT_THAT(metrics.Expose(), HasSubstr("mutexd_connections_open 0\n"));
  EXPECT_THAT(captured.TakeLines(),
              ::testing::ElementsAre(
                  AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr("\"max_connections\":1"))));
}

TEST(AcceptTelemetry, TellsOfPauses) {
  telemetry::CapturedLog captured;
  telemetry::Metrics metrics;
  AcceptTelemetry connections(1, metrics, captured.log());
  connections.OnPaused(EMFILE);
  connections.OnResumed();
  EXPECT_THAT(metrics.Expose(), HasSubstr("mutexd_accept_pauses_total 1\n"));
  EXPECT_THAT(captured.TakeLines(), ::testing::ElementsAre(HasSubstr("Too many open files"),
                                                           HasSubstr("accepted again")));
}

}  // namespace
}  // namespace mutexd::app
