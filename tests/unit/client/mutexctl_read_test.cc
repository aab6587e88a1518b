// list, get, find, health and the command line itself, on the real binary.
#include <gmock/gmock.h>

#include "tests/unit/client/fake_gateway.h"
#include "tests/unit/client/mutexctl_process.h"

namespace mutexgroups {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::StartsWith;

class MutexctlRead : public ::testing::Test {
 protected:
  Outcome Run(std::vector<std::string> arguments) {
    return RunMutexctl({.arguments = std::move(arguments),
                        .environment = {{"MUTEXCTL_SERVER", gateway_.address()}}});
  }

  // The request of the only call.
  std::string OnlyRequest() {
    const auto calls = gateway_.Calls();
    EXPECT_EQ(calls.size(), 1u);
    return calls.empty() ? "" : calls[0].request;
  }

  FakeGateway gateway_;
};

TEST_F(MutexctlRead, ListsEverything) {
  const auto outcome = Run({"list"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1234  checkout  Checkout  active  [###"));
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_EQ(OnlyRequest(), "page_size: 1000");
}

TEST_F(MutexctlRead, ListsWithEveryFlag) {
  EXPECT_EQ(Run({"list", "--project", "5678", "--key", "checkout", "--show-archived",
                 "--max-staleness", "90s"})
                .exit_code,
            0);
  EXPECT_EQ(OnlyRequest(),
            "page_size: 1000 filter { project_id: 5678 key: \"checkout\" } "
            "max_staleness { seconds: 90 } show_archived: true");
}

TEST_F(MutexctlRead, ListsAllPagesAndARepeatedGroupOnce) {
  std::vector<v1::ListMutexGroupsResponse> pages(3);
  pages[0].add_mutex_groups()->set_id("1");
  pages[0].mutable_read_time()->set_seconds(20);
  pages[1].add_mutex_groups()->set_id("1");
  pages[1].add_mutex_groups()->set_id("2");
  pages[1].mutable_read_time()->set_seconds(10);
  pages[2].add_mutex_groups()->set_id("3");
  gateway_.SetPages(pages);
  const auto outcome = Run({"list", "-o", "yaml"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out,
            "mutex_groups:\n"
            "  - id: \"1\"\n"
            "  - id: \"2\"\n"
            "  - id: \"3\"\n"
            "read_time: \"1970-01-01T00:00:10Z\"\n");
  EXPECT_EQ(gateway_.Calls().size(), 3u);
  EXPECT_THAT(outcome.err, IsEmpty()) << "no progress without a terminal";
}

TEST_F(MutexctlRead, NamesUnreadableGroupsOnStandardError) {
  v1::ListMutexGroupsResponse page;
  auto* unreadable = page.add_unreadable();
  unreadable->set_mutex_group_id("77");
  unreadable->set_reason("slots[1].percentage: expected\x1b an integer");
  page.add_unreadable()->set_reason("no id");
  gateway_.SetPages({page});
  const auto outcome = Run({"list"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "No mutex groups.\n");
  EXPECT_EQ(outcome.err,
            "warning: mutex group 77 cannot be read: slots[1].percentage: expected\\x1b an "
            "integer\nwarning: mutex group (no id) cannot be read: no id\n");
}

TEST_F(MutexctlRead, GetsByIdAndByKey) {
  EXPECT_THAT(Run({"get", "1234", "--max-staleness", "0s"}).out, StartsWith("Checkout\n"));
  EXPECT_EQ(OnlyRequest(), "mutex_group_id: \"1234\" max_staleness { }");
  EXPECT_EQ(Run({"get", "--key", "checkout"}).exit_code, 0);
  EXPECT_EQ(gateway_.Calls()[1].request, "key: \"checkout\"");
}

TEST_F(MutexctlRead, GetsSeveralAsAList) {
  const auto outcome = Run({"get", "1", "2", "-o", "json"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, StartsWith("{\n  \"mutex_groups\": [\n    {\n      \"id\": \"1\","));
  EXPECT_THAT(gateway_.Methods(), ElementsAre("BatchGetMutexGroups"));
  EXPECT_EQ(OnlyRequest(), "mutex_group_ids: \"1\" mutex_group_ids: \"2\"");
}

TEST_F(MutexctlRead, GetPrintsJsonAndYaml) {
  EXPECT_THAT(Run({"get", "1234", "-o", "json"}).out,
              AllOf(StartsWith("{\n  \"id\": \"1234\","), HasSubstr("\"project_id\": \"5678\"")));
  EXPECT_THAT(Run({"-o", "yaml", "get", "1234"}).out, StartsWith("id: \"1234\"\n"));
}

TEST_F(MutexctlRead, GetNeedsIdsOrAKey) {
  for (const auto& arguments :
       {std::vector<std::string>{"get"}, {"get", "1", "--key", "checkout"}}) {
    const auto outcome = Run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.err, "error: get needs either ids or --key\n");
  }
  EXPECT_THAT(gateway_.Calls(), IsEmpty());
}

TEST_F(MutexctlRead, FindsByMembers) {
  const auto outcome = Run({"find", "--experiment", "124"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("IN SLOTS"));
  EXPECT_EQ(OnlyRequest(), "page_size: 1000 filter { experiment_id: 124 }");
  EXPECT_EQ(Run({"find", "--holdout", "5", "--individual", "ada", "--show-archived",
                 "--max-staleness", "1m"})
                .exit_code,
            0);
  EXPECT_EQ(gateway_.Calls()[1].request,
            "page_size: 1000 filter { holdout_id: 5 individual: \"ada\" } "
            "max_staleness { seconds: 60 } show_archived: true");
}

TEST_F(MutexctlRead, FindNeedsSomethingToLookFor) {
  EXPECT_EQ(Run({"find"}).err, "error: find needs --experiment, --holdout or --individual\n");
  EXPECT_EQ(Run({"find"}).exit_code, 2);
  EXPECT_EQ(Run({"find", "--experiment", "0"}).exit_code, 2);
  EXPECT_THAT(gateway_.Calls(), IsEmpty());
}

TEST_F(MutexctlRead, HealthIsTheExitCodeToo) {
  EXPECT_EQ(Run({"health"}).out, "SERVING\n");
  EXPECT_EQ(Run({"health", "-o", "json"}).out, "{\n  \"status\": \"SERVING\"\n}\n");
  EXPECT_EQ(Run({"health", "-o", "yaml"}).out, "status: SERVING\n");
  EXPECT_EQ(Run({"health"}).exit_code, 0);
  gateway_.SetServing(false);
  EXPECT_EQ(Run({"health"}).out, "NOT_SERVING\n");
  EXPECT_EQ(Run({"health"}).exit_code, 78);
}

TEST_F(MutexctlRead, ShowsAnErrorAsABlock) {
  gateway_.FailWith({StatusBuilder(grpc::StatusCode::NOT_FOUND, "MUTEX_GROUP_NOT_FOUND",
                                   "there is no mutex group 1234")
                         .Metadata("http_status", "404")
                         .Resource("mutexgroups.v1.MutexGroup", "1234")
                         .RequestId("call-1")
                         .Build()});
  const auto outcome = Run({"get", "1234", "-o", "json"});
  EXPECT_EQ(outcome.exit_code, 69);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(outcome.err,
            "error: NOT_FOUND (MUTEX_GROUP_NOT_FOUND): there is no mutex group 1234\n"
            "  resource:     mutexgroups.v1.MutexGroup 1234\n"
            "  amplitude:    HTTP 404\n"
            "  request id:   call-1\n"
            "  remedy:       Look the group up with `mutexctl list --show-archived`.\n");
}

TEST_F(MutexctlRead, EveryGrpcCodeHasItsExitCode) {
  for (int code = 1; code <= 16; ++code) {
    // Four times, as reads are retried on two of them.
    gateway_.FailWith(std::vector<grpc::Status>(
        4, StatusBuilder(static_cast<grpc::StatusCode>(code), "X", "m").Build()));
    EXPECT_EQ(Run({"get", "1"}).exit_code, 64 + code);
  }
}

TEST_F(MutexctlRead, AFailedScanPrintsNothingHalf) {
  std::vector<v1::ListMutexGroupsResponse> pages(2);
  pages[0].add_mutex_groups()->set_id("1");
  gateway_.SetPages(pages);
  gateway_.FailWith({grpc::Status::OK, grpc::Status(grpc::StatusCode::INTERNAL, "second page")});
  const auto outcome = Run({"list", "-o", "json"});
  EXPECT_EQ(outcome.exit_code, 77);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(outcome.err, "error: INTERNAL: second page\n");
}

TEST_F(MutexctlRead, TimeoutIsTheCallsDeadline) {
  EXPECT_EQ(Run({"get", "1", "--timeout", "90s"}).exit_code, 0);
  EXPECT_THAT(gateway_.Calls()[0].time_left.count(), AllOf(Ge(40000), Le(90000)));
}

TEST_F(MutexctlRead, TheFlagBeatsTheEnvironment) {
  EXPECT_EQ(RunMutexctl({.arguments = {"list", "--server", gateway_.address()},
                         .environment = {{"MUTEXCTL_SERVER", "127.0.0.1:1"}}})
                .exit_code,
            0);
  EXPECT_EQ(RunMutexctl({.arguments = {"list"},
                         .environment = {{"MUTEXCTL_SERVER", gateway_.address()},
                                         {"MUTEXGROUPS_SERVER", "127.0.0.1:1"}}})
                .exit_code,
            0);
  EXPECT_EQ(RunMutexctl({.arguments = {"list"},
                         .environment = {{"MUTEXGROUPS_SERVER", gateway_.address()}}})
                .exit_code,
            0);
}

TEST_F(MutexctlRead, DoesNotGoThroughAProxyToThisMachine) {
  const auto outcome = RunMutexctl({.arguments = {"list"},
                                    .environment = {{"MUTEXCTL_SERVER", gateway_.address()},
                                                    {"http_proxy", "http://127.0.0.1:1"},
                                                    {"https_proxy", "http://127.0.0.1:1"},
                                                    {"grpc_proxy", "http://127.0.0.1:1"}}});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST(Mutexctl, SaysThatNobodyListens) {
  std::string address;
  {
    FakeGateway gone;
    address = gone.address();
  }
  const auto outcome = RunMutexctl({.arguments = {"list", "--server", address}});
  EXPECT_EQ(outcome.exit_code, 78);
  EXPECT_THAT(outcome.err, StartsWith("error: UNAVAILABLE: "));
  EXPECT_THAT(outcome.err, HasSubstr("Check that mutexd runs and listens on " + address));
}

TEST(Mutexctl, WrongCommandLinesAreUsageErrors) {
  const std::pair<std::vector<std::string>, std::string> kCases[] = {
      {{}, "A subcommand is required"},
      {{"lsit"}, "unknown command \"lsit\"; did you mean `list`?"},
      {{"\x1b[2J"}, "unknown command \"\\x1b[2J\""},
      {{"list", "--bogus"}, "--bogus"},
      {{"list", "-o", "xml"}, "xml not in {table,json,yaml}"},
      {{"list", "--project", "x"}, "expected an id (a whole number over 0), found \"x\""},
      {{"list", "--timeout", "0s"}, "expected a duration over zero"},
      {{"list", "--max-staleness", "-1s"}, "expected a duration such as"},
      {{"list", "--server", "http://gateway"}, "\"http://gateway\" is not an address"},
      {{"list", "--server", "\x1b[2J"}, "\"\\x1b[2J\" is not an address"},
      {{"list", "--tls", "maybe"}, "maybe not in {on,off}"},
      {{"list", "--tls-ca-file", "/no/such.pem"}, "cannot read /no/such.pem"},
      {{"list", "--tls-cert-file", "c.pem"}, "give both, or neither"},
      {{"list", "--amplitude-key-file", "/no/key"}, "cannot read /no/key"},
      {{"list", "--amplitude-key-file", "/dev/null"}, "cannot read /dev/null: it is empty"},
      {{"slot"}, "A subcommand is required"},
      {{"completion", "tcsh"}, "tcsh not in {bash,zsh,fish}"},
  };
  for (const auto& [arguments, message] : kCases) {
    const auto outcome = RunMutexctl({.arguments = arguments});
    EXPECT_EQ(outcome.exit_code, 2) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST(Mutexctl, PrintsItsVersionAndHelp) {
  const auto version = RunMutexctl({.arguments = {"--version"}});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out, "mutexctl " PROJECT_VERSION "\n");
  const auto help = RunMutexctl({.arguments = {"--help"}});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("64+N the call failed with gRPC status code N"));
  EXPECT_THAT(
      RunMutexctl({.arguments = {"slot", "move", "--help"}}).out,
      HasSubstr("Every command also takes --server, --timeout, --output and the options of TLS"));
}

TEST_F(MutexctlRead, SaysThatItsOutputCouldNotBeWritten) {
  const auto outcome = RunMutexctl({.arguments = {"list"},
                                    .environment = {{"MUTEXCTL_SERVER", gateway_.address()}},
                                    .out_path = "/dev/full"});
  EXPECT_EQ(outcome.exit_code, 66);
  EXPECT_EQ(outcome.err, "error: the output could not be written\n");
}

TEST_F(MutexctlRead, DrawsInUnicodeWhereTheLocaleSaysSo) {
  const auto outcome = RunMutexctl(
      {.arguments = {"list"},
       .environment = {
           {"MUTEXCTL_SERVER", gateway_.address()}, {"LC_ALL", "C.UTF-8"}, {"COLUMNS", "70"}}});
  EXPECT_THAT(outcome.out, HasSubstr("│███"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b"))) << "no colours in a pipe";
}

}  // namespace
}  // namespace mutexgroups
