// The shipped completion files, and what bash makes of its own.
#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/client/mutexctl_process.h"

namespace mutexgroups {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kFolder[] = SOURCE_DIR "/client/cpp/mutexctl/completion/";

std::string FileText(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What bash offers for the last of these words.
std::string BashOffers(const std::string& words) {
  const auto command = absl::StrCat(
      "bash -c 'source ", kFolder, "mutexctl.bash; COMP_WORDS=(", words,
      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mutexctl; echo \"${COMPREPLY[*]}\"'");
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[512];
  while (fgets(buffer, sizeof(buffer), pipe) != nullptr) output += buffer;
  EXPECT_EQ(pclose(pipe), 0);
  return output;
}

TEST(Completion, ShippedFilesAreWhatTheBinaryPrints) {
  for (const auto& [shell, file] : {std::pair<std::string, std::string>{"bash", "mutexctl.bash"},
                                    {"zsh", "_mutexctl"},
                                    {"fish", "mutexctl.fish"}}) {
    const auto outcome = RunMutexctl({.arguments = {"completion", shell}});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.out, FileText(kFolder + file))
        << "write it anew: mutexctl completion " << shell << " > " << kFolder << file;
  }
}

TEST(Completion, BashOffersCommandsAndTheirFlags) {
  EXPECT_EQ(BashOffers("mutexctl un"), "unarchive\n");
  EXPECT_EQ(BashOffers("mutexctl slot \"\""),
            "set add remove move -h --help --server --tls --tls-ca-file --tls-cert-file "
            "--tls-key-file --tls-server-name --amplitude-key-file --timeout -o --output\n");
  EXPECT_EQ(BashOffers("mutexctl slot set --clear"),
            "--clear-experiments --clear-holdouts --clear-individuals\n");
  EXPECT_EQ(BashOffers("mutexctl --server x:1 archive --y"), "--yes\n");
  EXPECT_THAT(BashOffers("mutexctl list --"), Not(HasSubstr("--dry-run")));
}

TEST(Completion, BashOffersValues) {
  EXPECT_EQ(BashOffers("mutexctl list -o \"\""), "table json yaml\n");
  EXPECT_EQ(BashOffers("mutexctl create --evaluation-mode r"), "remote\n");
  EXPECT_EQ(BashOffers("mutexctl list --tls o"), "on off\n");
  EXPECT_EQ(BashOffers("mutexctl completion z"), "zsh\n");
  EXPECT_EQ(BashOffers("mutexctl create -f " + std::string(kFolder) + "mutexctl.b"),
            std::string(kFolder) + "mutexctl.bash\n");
  EXPECT_EQ(BashOffers("mutexctl create --name \"\""), "\n");
}

// Whether the shell can read the script; nothing where this machine does not have the shell.
std::optional<bool> Accepts(const std::string& shell, const std::string& file) {
  if (std::system(absl::StrCat("command -v ", shell, " > /dev/null").c_str()) != 0) {
    return std::nullopt;
  }
  return std::system(absl::StrCat(shell, " -n ", kFolder, file).c_str()) == 0;
}

TEST(Completion, ScriptsAreValidInTheShellsThatAreInstalled) {
  EXPECT_EQ(Accepts("bash", "mutexctl.bash"), true);
  EXPECT_NE(Accepts("zsh", "_mutexctl"), false);
  EXPECT_NE(Accepts("fish", "mutexctl.fish"), false);
}

}  // namespace
}  // namespace mutexgroups
