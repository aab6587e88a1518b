// The commands that change something, on the real binary, without a terminal.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/unit/client/fake_gateway.h"
#include "tests/unit/client/mutexctl_process.h"

namespace mutexgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kId[] = "6f2b7a9e-0d0b-4c2f-9a51-0f4f5f6a7b8c";

class MutexctlWrite : public ::testing::Test {
 protected:
  Outcome Run(std::vector<std::string> arguments, std::string input = "") {
    return RunMutexctl({.arguments = std::move(arguments),
                        .environment = {{"MUTEXCTL_SERVER", gateway_.address()}},
                        .input = std::move(input)});
  }

  // Runs it, expects success, and gives the request that arrived last.
  std::string RequestOf(std::vector<std::string> arguments, std::string input = "") {
    const auto outcome = Run(std::move(arguments), std::move(input));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, StartsWith("Checkout\n"));
    return gateway_.Calls().empty() ? "" : gateway_.Calls().back().request;
  }

  // Runs it, and expects that it is refused with this message before anything is sent.
  void ExpectUsageError(std::vector<std::string> arguments, const std::string& message,
                        std::string input = "") {
    const auto calls = gateway_.Calls().size();
    const auto outcome = Run(std::move(arguments), std::move(input));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_EQ(gateway_.Calls().size(), calls) << "something was sent";
  }

  FakeGateway gateway_;
};

TEST_F(MutexctlWrite, CreatesFromFlags) {
  gateway_.SetCreatedUrl("https://app.amplitude.com/x");
  const auto outcome = Run({"create",
                            "--project",
                            "5678",
                            "--name",
                            "Checkout",
                            "--key",
                            "checkout",
                            "--description",
                            "text",
                            "--evaluation-mode",
                            "local",
                            "--bucketing-key",
                            "device_id",
                            "--bucketing-salt",
                            "s",
                            "--slot",
                            "40,experiment=123,holdout=5,individual=a@b",
                            "--slot",
                            "60",
                            "--request-id",
                            kId});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "Created mutex group 1234: https://app.amplitude.com/x\n");
  EXPECT_EQ(gateway_.Calls()[0].request,
            "mutex_group { project_id: 5678 key: \"checkout\" name: \"Checkout\" description: "
            "\"text\" evaluation_mode: EVALUATION_MODE_LOCAL bucketing_key: \"device_id\" "
            "bucketing_salt: \"s\" slots { percentage: 40 experiment_ids: 123 holdout_ids: 5 "
            "individuals: \"a@b\" } slots { percentage: 60 } } request_id: "
            "\"6f2b7a9e-0d0b-4c2f-9a51-0f4f5f6a7b8c\"");
}

TEST_F(MutexctlWrite, CreatesFromAFileThatFlagsOverride) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "mutexctl-create-", getpid(), ".yaml");
  std::ofstream(path) << "project: 1\nname: Checkout\nevaluation_mode: local\n"
                         "slots: [{percentage: 100, experiments: 7}]\n";
  EXPECT_THAT(RequestOf({"create", "-f", path}),
              StartsWith("mutex_group { project_id: 1 name: \"Checkout\" evaluation_mode: "
                         "EVALUATION_MODE_LOCAL slots { percentage: 100 experiment_ids: 7 } } "
                         "request_id: \""));
  EXPECT_THAT(
      RequestOf({"create", "--file", path, "--name", "Other", "--project", "2", "--evaluation-mode",
                 "remote", "--slot", "50", "--slot", "50"}),
      StartsWith("mutex_group { project_id: 2 name: \"Other\" evaluation_mode: "
                 "EVALUATION_MODE_REMOTE slots { percentage: 50 } slots { percentage: 50 } }"));
}

TEST_F(MutexctlWrite, CreatesFromStandardInputWithAnIdOfItsOwn) {
  EXPECT_THAT(RequestOf({"create", "-f", "-"}, "{\"name\": \"x\"}"),
              MatchesRegex("mutex_group \\{ name: \"x\" \\} request_id: \"[0-9a-f-]{36}\""));
}

TEST_F(MutexctlWrite, WhatGetPrintsCanBeCreatedAgain) {
  const auto yaml = Run({"get", "1234", "-o", "yaml"}).out;
  EXPECT_THAT(RequestOf({"create", "-f", "-"}, yaml),
              HasSubstr("slots { index: 1 name: \"SLOT 1\" variant_key: \"slot-1\" percentage: 40 "
                        "experiment_ids: 123 experiment_ids: 124"));
}

TEST_F(MutexctlWrite, ADryRunSaysThatNothingWasChanged) {
  const auto outcome = Run({"create", "--name", "x", "--dry-run", "--request-id", kId});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "Dry run: nothing was changed.\n");
  EXPECT_THAT(gateway_.Calls()[0].request, HasSubstr("validate_only: true"));
}

TEST_F(MutexctlWrite, ARejectedCreateShowsAllFieldsAtOnce) {
  gateway_.FailWith(
      {StatusBuilder(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST", "2 fields are wrong")
           .Violation("mutex_group.slots[2].percentage", "slot 3: must be 1 to 100")
           .Violation("mutex_group.name", "must not be empty")
           .Build()});
  const auto outcome = Run({"create", "--name", "x"});
  EXPECT_EQ(outcome.exit_code, 67);
  EXPECT_EQ(outcome.err,
            "error: INVALID_ARGUMENT (INVALID_REQUEST): 2 fields are wrong\n"
            "  fields:\n"
            "    mutex_group.slots[2].percentage: slot 3: must be 1 to 100\n"
            "    mutex_group.name: must not be empty\n"
            "  remedy:       Correct the fields named above and run the command again.\n");
}

TEST_F(MutexctlWrite, ACreateThatMayHaveHappenedTellsHowToRepeatIt) {
  gateway_.FailWith(
      {StatusBuilder(grpc::StatusCode::UNKNOWN, "WRITE_OUTCOME_UNKNOWN", "lost").Build()});
  const auto outcome = Run({"create", "--name", "x"});
  EXPECT_EQ(outcome.exit_code, 66);
  const auto request = gateway_.Calls()[0].request;
  const auto id = request.substr(request.find("request_id: \"") + 13, 36);
  EXPECT_THAT(outcome.err, HasSubstr("add --request-id " + id + " so that"));
  EXPECT_THAT(gateway_.Methods(), ElementsAre("CreateMutexGroup")) << "writes are not retried";
}

TEST_F(MutexctlWrite, InputFilesAreCheckedBeforeAnythingIsSent) {
  ExpectUsageError({"create", "-f", "-"},
                   "standard input:2: slots[0].percent (slot 1): unknown field; did you mean "
                   "`percentage`?",
                   "name: x\nslots: [{percent: 5}]\n");
  ExpectUsageError({"create", "-f", "/does/not/exist"}, "/does/not/exist: No such file");
  ExpectUsageError({"create", "--slot", "x"}, "a slot begins with its percentage");
  ExpectUsageError({"create", "--evaluation-mode", "both"}, "both not in {remote,local}");
}

TEST_F(MutexctlWrite, UpdatesByFlags) {
  EXPECT_EQ(RequestOf({"update", "1234", "--name", "New", "--etag", "v1-x", "--dry-run"}),
            "mutex_group { id: \"1234\" name: \"New\" } update_mask { paths: \"name\" } "
            "etag: \"v1-x\" validate_only: true");
  EXPECT_EQ(RequestOf({"update", "1234", "--description", ""}),
            "mutex_group { id: \"1234\" } update_mask { paths: \"description\" }");
}

TEST_F(MutexctlWrite, UpdatesByAnEditedFileAndItsEtag) {
  auto yaml = Run({"get", "1234", "-o", "yaml"}).out;
  yaml = absl::StrReplaceAll(yaml, {{"name: Checkout", "name: Paying"}});
  const auto request = RequestOf({"update", "-f", "-"}, yaml);
  EXPECT_THAT(request, HasSubstr("mutex_group { id: \"1234\" project_id: 5678"));
  EXPECT_THAT(request, HasSubstr("name: \"Paying\""));
  EXPECT_THAT(request, HasSubstr("update_mask { paths: \"name\" paths: \"description\" } "
                                 "etag: \"v1-c65d29d8\""));
  EXPECT_THAT(RequestOf({"update", "1234", "-f", "-", "--etag", "v1-mine"}, yaml),
              HasSubstr("} etag: \"v1-mine\""));
}

TEST_F(MutexctlWrite, UpdateNeedsAGroupAndAChange) {
  ExpectUsageError({"update", "--name", "x"}, "update needs the group's id");
  ExpectUsageError({"update", "1234"}, "nothing to change");
  ExpectUsageError({"update", "1", "-f", "-"}, "the file is about another group", "id: 2\nname: x");
}

TEST_F(MutexctlWrite, SetsASlotsLists) {
  EXPECT_EQ(RequestOf({"slot", "set", "1234", "2", "--experiment", "1,2", "--experiment", "3",
                       "--individual", "a,b", "--etag", "v1-x"}),
            "mutex_group_id: \"1234\" slot_index: 2 slot { experiment_ids: 1 experiment_ids: 2 "
            "experiment_ids: 3 individuals: \"a,b\" } update_mask { paths: \"experiment_ids\" "
            "paths: \"individuals\" } etag: \"v1-x\"");
  EXPECT_EQ(RequestOf({"slot", "set", "1234", "1", "--clear-experiments", "--clear-holdouts",
                       "--clear-individuals", "--dry-run"}),
            "mutex_group_id: \"1234\" slot_index: 1 slot { } update_mask { paths: "
            "\"experiment_ids\" paths: \"holdout_ids\" paths: \"individuals\" } validate_only: "
            "true");
}

TEST_F(MutexctlWrite, AddsRemovesAndMovesMembers) {
  EXPECT_EQ(RequestOf({"slot", "add", "1234", "2", "--holdout", "5", "--individual", "a", "--etag",
                       "e", "--dry-run"}),
            "mutex_group_id: \"1234\" slot_index: 2 holdout_ids: 5 individuals: \"a\" etag: \"e\" "
            "validate_only: true");
  EXPECT_EQ(RequestOf({"slot", "remove", "1234", "1", "--experiment", "123"}),
            "mutex_group_id: \"1234\" slot_index: 1 experiment_ids: 123");
  EXPECT_EQ(RequestOf({"slot", "move", "1234", "1", "2", "--experiment", "123"}),
            "mutex_group_id: \"1234\" from_slot_index: 1 to_slot_index: 2 experiment_ids: 123");
  EXPECT_THAT(gateway_.Methods(),
              ElementsAre("AddSlotMembers", "RemoveSlotMembers", "MoveSlotMembers"));
}

TEST_F(MutexctlWrite, SlotCommandsNeedMembersAndAPosition) {
  for (const char* command : {"set", "add", "remove"}) {
    ExpectUsageError({"slot", command, "1234", "1"}, "no members given");
    ExpectUsageError({"slot", command, "1234"}, "slot is required");
    ExpectUsageError({"slot", command, "1234", "0", "--experiment", "1"}, "1 is the first");
  }
  ExpectUsageError({"slot", "move", "1234", "1", "2"}, "no members given");
  ExpectUsageError({"slot", "move", "1234", "1"}, "to is required");
  ExpectUsageError({"slot", "add", "1234", "1", "--experiment", "1,x"}, "found \"x\"");
  ExpectUsageError({"slot", "set", "1234", "1", "--experiment", "1", "--clear-experiments"},
                   "excludes");
}

TEST_F(MutexctlWrite, ArchivesWhenToldYes) {
  EXPECT_EQ(RequestOf({"archive", "1234", "--yes", "--etag", "v1-x"}),
            "mutex_group_id: \"1234\" etag: \"v1-x\"");
  EXPECT_THAT(gateway_.Methods(), ElementsAre("ArchiveMutexGroup"));
}

TEST_F(MutexctlWrite, ArchiveWithoutATerminalNeedsYes) {
  ExpectUsageError({"archive", "1234"}, "archive asks first, and there is no terminal: add --yes",
                   "y\n");
}

TEST_F(MutexctlWrite, ADryRunOfArchiveDoesNotAsk) {
  EXPECT_EQ(RequestOf({"archive", "1234", "--dry-run"}),
            "mutex_group_id: \"1234\" validate_only: true");
}

TEST_F(MutexctlWrite, Unarchives) {
  EXPECT_EQ(RequestOf({"unarchive", "1234", "--etag", "e", "--dry-run"}),
            "mutex_group_id: \"1234\" etag: \"e\" validate_only: true");
}

TEST_F(MutexctlWrite, EveryWriteReportsItsError) {
  const std::vector<std::string> kCommands[] = {
      {"update", "1", "--name", "x"},
      {"slot", "set", "1", "1", "--clear-holdouts"},
      {"slot", "add", "1", "1", "--experiment", "1"},
      {"slot", "remove", "1", "1", "--experiment", "1"},
      {"slot", "move", "1", "1", "2", "--experiment", "1"},
      {"archive", "1", "-y"},
      {"unarchive", "1"},
  };
  for (const auto& command : kCommands) {
    gateway_.FailWith({StatusBuilder(grpc::StatusCode::ABORTED, "ETAG_MISMATCH", "changed")
                           .Metadata("current_etag", "v1-new")
                           .Build()});
    const auto outcome = Run(command);
    EXPECT_EQ(outcome.exit_code, 74) << command[0];
    EXPECT_THAT(outcome.err, HasSubstr("current_etag = v1-new"));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST_F(MutexctlWrite, NamesFromTheServiceCannotWriteToTheTerminalAsTheyLike) {
  auto group = CheckoutGroup();
  group.set_name("\x1b[2J");
  group.set_id("\x1b");
  gateway_.SetGroup(group);
  gateway_.SetCreatedUrl("\x1b]8;;");
  for (const char* format : {"table", "json", "yaml"}) {
    const auto outcome = Run({"create", "--name", "x", "-o", format});
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("\x1b"))) << format;
  }
}

}  // namespace
}  // namespace mutexgroups
