// What mutexctl does only where it has a terminal: colours, progress, questions.
#include <gmock/gmock.h>

#include "tests/unit/client/fake_gateway.h"
#include "tests/unit/client/mutexctl_process.h"

namespace mutexgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class MutexctlTerminal : public ::testing::Test {
 protected:
  // `out` has everything that the terminal was sent.
  Outcome Run(std::vector<std::string> arguments, std::string input = "",
              std::map<std::string, std::string> environment = {}) {
    environment["MUTEXCTL_SERVER"] = gateway_.address();
    return RunMutexctl({.arguments = std::move(arguments),
                        .environment = std::move(environment),
                        .input = std::move(input),
                        .in_terminal = true});
  }

  FakeGateway gateway_;
};

TEST_F(MutexctlTerminal, ColoursBars) {
  EXPECT_THAT(Run({"list"}).out, HasSubstr("\x1b[36m"));
  EXPECT_THAT(Run({"list"}, "", {{"NO_COLOR", "1"}}).out, Not(HasSubstr("\x1b")));
}

TEST_F(MutexctlTerminal, FitsItsWidth) {
  const auto out = Run({"list"}, "", {{"NO_COLOR", "1"}}).out;
  const auto line_end = out.rfind('\n');
  const auto line_start = out.rfind('\n', line_end - 1) + 1;
  EXPECT_EQ(line_end - line_start, 94u) << out;
}

TEST_F(MutexctlTerminal, ShowsAndRemovesProgressOverSeveralPages) {
  std::vector<v1::ListMutexGroupsResponse> pages(3);
  pages[0].add_mutex_groups()->set_id("1");
  pages[1].add_mutex_groups()->set_id("2");
  gateway_.SetPages(pages);
  EXPECT_THAT(Run({"find", "--experiment", "1", "-o", "yaml"}).out,
              StartsWith("\r\x1b[KReading: 1 page, 1 group so far"
                         "\r\x1b[KReading: 2 pages, 2 groups so far"
                         "\r\x1b[Kmutex_groups:\n"));
}

TEST_F(MutexctlTerminal, ShowsNoProgressForASinglePage) {
  EXPECT_THAT(Run({"list", "-o", "yaml"}).out, StartsWith("mutex_groups:\n"));
}

TEST_F(MutexctlTerminal, RemovesProgressBeforeAnError) {
  gateway_.SetPages(std::vector<v1::ListMutexGroupsResponse>(2));
  gateway_.FailWith({grpc::Status::OK, grpc::Status(grpc::StatusCode::INTERNAL, "second page")});
  EXPECT_THAT(Run({"list"}).out, EndsWith("so far\r\x1b[Kerror: INTERNAL: second page\n"));
}

TEST_F(MutexctlTerminal, ArchivesTheGroupThatItAskedAbout) {
  const auto outcome = Run({"archive", "1234"}, "y\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_THAT(outcome.out,
              StartsWith("Archive \"Checkout\" (id 1234)? These experiments would no longer "
                         "depend on it: 123, 124. [y/N] "));
  EXPECT_THAT(gateway_.Methods(), ElementsAre("GetMutexGroup", "ArchiveMutexGroup"));
  EXPECT_EQ(gateway_.Calls()[1].request, "mutex_group_id: \"1234\" etag: \"v1-c65d29d8\"");
}

TEST_F(MutexctlTerminal, ArchivesWithTheEtagThatItIsGiven) {
  EXPECT_EQ(Run({"archive", "1234", "--etag", "v1-mine"}, " YES \n").exit_code, 0);
  EXPECT_EQ(gateway_.Calls()[1].request, "mutex_group_id: \"1234\" etag: \"v1-mine\"");
}

TEST_F(MutexctlTerminal, ArchivesNothingUnlessConfirmed) {
  for (const char* answer : {"\n", "n\n", "yeah\n"}) {
    const auto outcome = Run({"archive", "1234"}, answer);
    EXPECT_EQ(outcome.exit_code, 65);
    EXPECT_THAT(outcome.out, EndsWith("Nothing was changed.\n"));
  }
  EXPECT_THAT(gateway_.Methods(), ElementsAre("GetMutexGroup", "GetMutexGroup", "GetMutexGroup"));
}

TEST_F(MutexctlTerminal, AsksNothingAboutAGroupThatIsNotThere) {
  gateway_.FailWith(
      {StatusBuilder(grpc::StatusCode::NOT_FOUND, "MUTEX_GROUP_NOT_FOUND", "gone").Build()});
  const auto outcome = Run({"archive", "1234"}, "y\n");
  EXPECT_EQ(outcome.exit_code, 69);
  EXPECT_THAT(gateway_.Methods(), ElementsAre("GetMutexGroup"));
}

}  // namespace
}  // namespace mutexgroups
