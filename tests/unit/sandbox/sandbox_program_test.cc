// The program mutexd-sandbox, as a process.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

extern char** environ;

namespace mutexd::sandbox {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A running program; killed at the latest when this ends.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    int out[2];
    int err[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    arguments.insert(arguments.begin(), MUTEXD_SANDBOX_PROGRAM);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_);
    close(err_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // The URL in the line that it prints when it is ready; empty if it ends before.
  std::string Url() {
    const std::string line = Read(out_, '\n');
    const std::string prefix = "listening on ";
    EXPECT_THAT(line, StartsWith(prefix));
    return line.size() > prefix.size() ? line.substr(prefix.size()) : "";
  }

  void Signal(int signal) { kill(pid_, signal); }

  // Waits for its end: the exit code, or -1 when a signal killed it.
  int ExitCode() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string Output() { return Read(out_, '\0'); }
  std::string Errors() { return Read(err_, '\0'); }

 private:
  // Up to a character, or the end of the stream.
  static std::string Read(int fd, char end) {
    std::string text;
    for (;;) {
      pollfd entry{fd, POLLIN, 0};
      EXPECT_EQ(poll(&entry, 1, 30'000), 1) << "the program is silent";
      char c;
      if (read(fd, &c, 1) != 1 || c == end) return text;
      text.push_back(c);
    }
  }

  pid_t pid_ = 0;
  int out_ = -1;
  int err_ = -1;
};

httplib::Result Get(const std::string& url, const std::string& path,
                    const std::string& key = "ampex_x") {
  httplib::Client client(url);
  client.set_bearer_token_auth(key);
  return client.Get(path);
}

TEST(SandboxProgram, SaysWhereItListensAndEndsOnASignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program({"--listen", "127.0.0.1:0"});
    const std::string url = program.Url();
    EXPECT_THAT(url, StartsWith("http://127.0.0.1:"));
    const auto reply = Get(url, "/api/1/mutexes");
    ASSERT_TRUE(reply);
    EXPECT_THAT(reply->body, HasSubstr("Checkout"));
    program.Signal(signal);
    EXPECT_EQ(program.ExitCode(), 0);
    EXPECT_THAT(program.Errors(), HasSubstr("6 mutex groups"));
  }
}

TEST(SandboxProgram, TakesItsOptions) {
  Program program({"--listen=127.0.0.1:0", "--empty", "--groups=7", "--key=mine",
                   "--key=old=revoked", "--key=foreign=other-project", "--quota-per-second=2",
                   "--quota-per-day=2", "--slot-index-base=0", "--hide-archived",
                   "--write-visibility-lag=1ms", "--latency=1ms", "--fail-rate=0",
                   "--taken-key=flag-a", "--taken-key=flag-b"});
  const std::string url = program.Url();
  EXPECT_EQ(Get(url, "/api/1/mutexes", "ampex_x")->status, 401);
  EXPECT_EQ(Get(url, "/api/1/mutexes", "old")->status, 401);
  EXPECT_EQ(Get(url, "/api/1/mutexes", "foreign")->status, 403);
  EXPECT_THAT(Get(url, "/api/1/mutexes", "mine")->body, HasSubstr("Generated group 7"));
  EXPECT_EQ(Get(url, "/api/1/mutexes", "mine")->status, 200);
  EXPECT_EQ(Get(url, "/api/1/mutexes", "mine")->status, 429);
}

TEST(SandboxProgram, KeepsItsStateInAFile) {
  std::string pattern = testing::TempDir() + "/sandbox-program-XXXXXX";
  const std::filesystem::path folder = mkdtemp(pattern.data());
  const std::string state = folder / "state.json";
  {
    Program program({"--listen=127.0.0.1:0", "--state", state});
    httplib::Client client(program.Url());
    client.set_bearer_token_auth("ampex_x");
    EXPECT_EQ(client.Patch("/api/1/mutexes/1001", R"({"name":"Kept"})", "application/json")->status,
              200);
    program.Signal(SIGKILL);
    EXPECT_EQ(program.ExitCode(), -1);
  }
  Program program({"--listen=127.0.0.1:0", "--state", state});
  EXPECT_THAT(Get(program.Url(), "/api/1/mutexes/1001")->body, HasSubstr("Kept"));

  Program second({"--listen=127.0.0.1:0", "--state", state});
  EXPECT_THAT(second.Errors(), HasSubstr("in use by another sandbox"));
  EXPECT_EQ(second.ExitCode(), 1);
  std::filesystem::remove_all(folder);
}

TEST(SandboxProgram, ExplainsItself) {
  Program program({"--help"});
  EXPECT_THAT(program.Output(),
              testing::AllOf(HasSubstr("listening on"), HasSubstr("--state"), HasSubstr("curl")));
  EXPECT_EQ(program.ExitCode(), 0);
}

TEST(SandboxProgram, RefusesWhatItDoesNotUnderstand) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--nonsense", "--nonsense"},
      {"--listen=nowhere", "HOST:PORT"},
      {"--listen=::1:5", "HOST:PORT"},
      {"--listen=127.0.0.1:x", "HOST:PORT"},
      {"--latency=fast", "is not a duration"},
      {"--latency=-1s", "is not a duration"},
      {"--fail-rate=2", "--fail-rate"},
      {"--key=a=b", "valid, revoked or other-project"},
      {"--slot-index-base=2", "--slot-index-base"},
      {"--groups=-1", "--groups"},
  };
  for (const auto& [argument, message] : cases) {
    Program program({argument});
    EXPECT_THAT(program.Errors(), HasSubstr(message)) << argument;
    EXPECT_EQ(program.ExitCode(), 2) << argument;
  }
}

TEST(SandboxProgram, DoesNotLeaveLoopbackByItself) {
  Program program({"--listen=0.0.0.0:0"});
  EXPECT_THAT(program.Errors(), HasSubstr("loopback only"));
  EXPECT_EQ(program.ExitCode(), 1);
}

}  // namespace
}  // namespace mutexd::sandbox
