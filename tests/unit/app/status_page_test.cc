#include "service/app/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

StatusSnapshot Snapshot() {
  StatusSnapshot snapshot;
  snapshot.started = absl::FromUnixSeconds(1'700'000'000);
  snapshot.now = snapshot.started + absl::Hours(27) + absl::Minutes(5);
  snapshot.state = "serving";
  snapshot.version = "1.2.3";
  snapshot.listeners = {"127.0.0.1:50051"};
  snapshot.upstream = "https://experiment.amplitude.com";
  snapshot.configuration = "region = \"us\"  # default\n# state-dir is not set\n";
  snapshot.core.emplace();
  return snapshot;
}

TEST(StatusPage, TellsStateVersionAndUptime) {
  const std::string page = StatusPage(Snapshot(), 0);
  EXPECT_THAT(page,
              AllOf(HasSubstr(">serving<"), HasSubstr("1.2.3"), HasSubstr("up 1 d 3 h"),
                    HasSubstr("https://experiment.amplitude.com"), HasSubstr("127.0.0.1:50051")));
}

TEST(StatusPage, ShowsHowManyConnectionsAreOpen) {
  StatusSnapshot snapshot = Snapshot();
  snapshot.connections_open = 7;
  snapshot.max_connections = 500;
  EXPECT_THAT(StatusPage(snapshot, 0), HasSubstr("7 of at most 500"));
  EXPECT_THAT(StatusJson(snapshot), HasSubstr("\"connections_open\":7,\"max_connections\":500"));
}

TEST(StatusPage, ShowsTheSettingsWithTheirOrigins) {
  EXPECT_THAT(StatusPage(Snapshot(), 0),
              AllOf(HasSubstr("region = &quot;us&quot;<span>  # default</span>"),
                    HasSubstr("<span># state-dir is not set</span>")));
}

TEST(StatusPage, ShowsBothBudgetsOfEachKeyAsBars) {
  StatusSnapshot snapshot = Snapshot();
  snapshot.core->quotas = {{.fingerprint = 0xabc,
                            .of_service = true,
                            .second_left = 50,
                            .second_limit = 100,
                            .day_left = 5,
                            .day_limit = 100}};
  EXPECT_THAT(StatusPage(snapshot, 0),
              AllOf(HasSubstr("0000000000000abc"), HasSubstr("50 of 100 left"),
                    HasSubstr("class=\"bar\"><i style=\"width:50.0%\""),
                    HasSubstr("class=\"bar low\"><i style=\"width:5.0%\"")));
}

TEST(StatusPage, OfManyKeysShowsTheFirst) {
  StatusSnapshot snapshot = Snapshot();
  snapshot.core->quotas.resize(25);
  EXPECT_THAT(StatusPage(snapshot, 0), HasSubstr("and 15 more keys"));
}

TEST(StatusPage, EscapesWhateverCallersAndAmplitudeSend) {
  StatusSnapshot snapshot = Snapshot();
  const std::string hostile = "<script>alert(1)</script>\"'&\x01\x7f\u202e";
  snapshot.upstream = hostile;
  snapshot.configuration = hostile;
  snapshot.core->activity.last_failure_kind = hostile;
  snapshot.core->activity.AddWrite(
      {absl::Now(), hostile, hostile, hostile, hostile, hostile, hostile});
  const std::string page = StatusPage(snapshot, 0);
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\x01")),
                          Not(HasSubstr("\u202e")), HasSubstr("&lt;script&gt;alert(1)")));
  EXPECT_THAT(StatusJson(snapshot), Not(HasSubstr("\x01")));
}

TEST(StatusPage, LoadsNothingAndHasNoScripts) {
  const std::string page = StatusPage(Snapshot(), 0);
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("src=")),
                          Not(HasSubstr("@import")), Not(HasSubstr("url("))));
}

TEST(StatusPage, ReloadsOnlyWhenAsked) {
  EXPECT_THAT(StatusPage(Snapshot(), 0), Not(HasSubstr("http-equiv")));
  EXPECT_THAT(StatusPage(Snapshot(), 7), HasSubstr("http-equiv=\"refresh\" content=\"7\""));
  EXPECT_EQ(ParseRefresh("5"), 5);
  for (const char* text : {"", "0", "-1", "3601", "5;url=http://x", "x"}) {
    EXPECT_EQ(ParseRefresh(text), 0) << text;
  }
}

TEST(StatusPage, SaysWhenTheEventLoopDoesNotAnswer) {
  StatusSnapshot snapshot = Snapshot();
  snapshot.core.reset();
  EXPECT_THAT(StatusPage(snapshot, 0), HasSubstr("event loop does not answer"));
  EXPECT_THAT(StatusJson(snapshot), HasSubstr("\"state\":\"serving\""));
}

}  // namespace
}  // namespace mutexd::app
