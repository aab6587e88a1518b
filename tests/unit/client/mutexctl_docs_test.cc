// docs/mutexctl.md names every command and flag, and its examples print what they say.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cpp/mutexctl/command_line.h"
#include "tests/unit/client/fake_gateway.h"

namespace mutexgroups {
namespace {

using ::testing::HasSubstr;

std::string Reference() {
  std::ifstream file(SOURCE_DIR "/docs/mutexctl.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The contents of the fenced blocks of this language.
std::vector<std::string> Blocks(const std::string& language) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const absl::string_view line : absl::StrSplit(Reference(), '\n')) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      absl::StrAppend(&blocks.back(), line, "\n");
    } else if (line == absl::StrCat("```", language)) {
      inside = true;
      blocks.emplace_back();
    }
  }
  return blocks;
}

void ExpectDocumented(const CLI::App& command, const std::string& path, const std::string& text) {
  EXPECT_THAT(text, HasSubstr(absl::StrCat("`", path, "")));
  for (const CLI::Option* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      EXPECT_THAT(text, HasSubstr(absl::StrCat("`--", name))) << path;
    }
  }
  for (const CLI::App* child : command.get_subcommands([](const CLI::App*) { return true; })) {
    ExpectDocumented(*child, absl::StrCat(path, " ", child->get_name()), text);
  }
}

TEST(MutexctlDocs, NameEveryCommandAndFlag) {
  ctl::Session session{.in = std::cin, .out = std::cout, .err = std::cerr};
  ExpectDocumented(*ctl::MakeCommandLine(session), "mutexctl", Reference());
}

// Knows no group 99.
class GatewayOfTheDocs : public FakeGateway {
 public:
  GatewayOfTheDocs() { SetCreatedUrl("https://app.amplitude.com/experiment/1234"); }

  grpc::Status GetMutexGroup(grpc::ServerContext* context, const v1::GetMutexGroupRequest* request,
                             v1::GetMutexGroupResponse* response) override {
    if (request->mutex_group_id() == "99") {
      return StatusBuilder(grpc::StatusCode::NOT_FOUND, "MUTEX_GROUP_NOT_FOUND",
                           "there is no mutex group 99")
          .Metadata("http_status", "404")
          .Resource("mutexgroups.v1.MutexGroup", "99")
          .RequestId("0f1c1a52-6d4e-4b8a-9f0e-2b1d3c4e5f60")
          .Build();
    }
    return FakeGateway::GetMutexGroup(context, request, response);
  }
};

// What a shell prints for the command, on both streams, and its exit code in the last line if not
// 0.
std::string ShellOutput(const std::string& command, const std::string& folder,
                        const std::string& server) {
  const std::string binary = std::filesystem::absolute(MUTEXCTL_PATH);
  std::ofstream(folder + "/command.sh")
      << "cd " << folder << "\n"
      << "PATH=" << binary.substr(0, binary.rfind('/')) << ":/usr/bin:/bin\n"
      << "export LC_ALL=C.UTF-8 COLUMNS=80 MUTEXCTL_SERVER=" << server << "\n"
      << command << "\n";
  FILE* pipe = popen(absl::StrCat("env -i /bin/bash ", folder, "/command.sh 2>&1").c_str(), "r");
  std::string output;
  char buffer[512];
  while (fgets(buffer, sizeof(buffer), pipe) != nullptr) output += buffer;
  pclose(pipe);
  return output;
}

TEST(MutexctlDocs, ExamplesPrintWhatTheySay) {
  GatewayOfTheDocs gateway;
  const std::string folder = absl::StrCat(::testing::TempDir(), "mutexctl-docs-", getpid());
  mkdir(folder.c_str(), 0700);
  ASSERT_EQ(Blocks("yaml").size(), 1u);
  std::ofstream(folder + "/checkout.yaml") << Blocks("yaml")[0];

  std::ofstream(folder + "/audit.jsonl")
      << R"({"event":"write","time":"2026-11-23T13:38:26.5Z","rpc_id":"ticket-17",)"
      << R"("caller":"team-a","peer":"ipv4:127.0.0.1:51234","method":"AddSlotMembers",)"
      << R"("mutex_group_id":"1234","code":"OK","write_sent":true,)"
      << R"("before":{"slots":[{"experiment_ids":["123","124"]}]},)"
      << R"("after":{"slots":[{"experiment_ids":["123","124","125"]}]}})"
      << "\n";

  int examples = 0;
  for (const auto& block : Blocks("console")) {
    const std::vector<std::string> parts = absl::StrSplit(absl::StrCat("\n", block), "\n$ ");
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::vector<std::string> lines =
          absl::StrSplit(absl::StripSuffix(parts[i], "\n"), absl::MaxSplits('\n', 1));
      const auto expected = lines.size() > 1 ? lines[1] + "\n" : "";
      EXPECT_EQ(ShellOutput(lines[0], folder, gateway.address()), expected) << "$ " << lines[0];
      ++examples;
    }
  }
  EXPECT_GE(examples, 10);
}

}  // namespace
}  // namespace mutexgroups
