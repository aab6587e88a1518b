#include "tests/unit/client/mutexctl_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace mutexgroups {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { Close(); }

  int number() const { return number_; }
  bool open() const { return number_ >= 0; }
  void Close() {
    if (open()) close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

struct Channel {
  Descriptor ours;
  Descriptor theirs;
};

Channel MakePipe(bool child_reads) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  if (child_reads) return {std::move(write_end), std::move(read_end)};
  return {std::move(read_end), std::move(write_end)};
}

Channel MakeTerminal() {
  int ours = -1;
  int theirs = -1;
  winsize size = {};
  size.ws_col = 100;
  size.ws_row = 40;
  termios settings = {};
  cfmakeraw(&settings);
  if (openpty(&ours, &theirs, nullptr, &settings, &size) != 0) std::abort();
  fcntl(ours, F_SETFD, FD_CLOEXEC);
  fcntl(theirs, F_SETFD, FD_CLOEXEC);
  return {Descriptor(ours), Descriptor(theirs)};
}

void WriteAll(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const auto written = write(descriptor, text.data() + done, text.size() - done);
    if (written <= 0) return;
    done += written;
  }
}

// Reads both to their ends. A terminal ends with an error when its other side is gone.
void ReadAll(Descriptor& out, std::string& out_text, Descriptor& err, std::string& err_text) {
  while (out.open() || err.open()) {
    pollfd polled[] = {{out.number(), POLLIN, 0}, {err.number(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0) return;
    const auto take = [](const pollfd& ready, Descriptor& descriptor, std::string& text) {
      if (!descriptor.open() || ready.revents == 0) return;
      char buffer[4096];
      const auto count = read(descriptor.number(), buffer, sizeof(buffer));
      if (count > 0) {
        text.append(buffer, count);
      } else {
        descriptor.Close();
      }
    };
    take(polled[0], out, out_text);
    take(polled[1], err, err_text);
  }
}

pid_t Spawn(const Invocation& invocation, int in, int out, int err) {
  std::vector<std::string> arguments = {MUTEXCTL_PATH};
  arguments.insert(arguments.end(), invocation.arguments.begin(), invocation.arguments.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : invocation.environment) {
    environment.push_back(absl::StrCat(name, "=", value));
  }
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  };
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  if (invocation.out_path.empty()) {
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, invocation.out_path.c_str(), O_WRONLY,
                                     0);
  }
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  if (posix_spawn(&pid, MUTEXCTL_PATH, &actions, nullptr, pointers(arguments).data(),
                  pointers(environment).data()) != 0) {
    std::abort();
  }
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

int Wait(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome RunInTerminal(const Invocation& invocation) {
  auto terminal = MakeTerminal();
  const int theirs = terminal.theirs.number();
  WriteAll(terminal.ours.number(), invocation.input);
  const auto pid = Spawn(invocation, theirs, theirs, theirs);
  terminal.theirs.Close();
  Outcome outcome;
  Descriptor none;
  ReadAll(terminal.ours, outcome.out, none, outcome.err);
  outcome.exit_code = Wait(pid);
  return outcome;
}

Outcome RunInPipes(const Invocation& invocation) {
  auto in = MakePipe(/*child_reads=*/true);
  auto out = MakePipe(/*child_reads=*/false);
  auto err = MakePipe(/*child_reads=*/false);
  // Before anybody reads: a process that ends without reading cannot break the pipe then.
  WriteAll(in.ours.number(), invocation.input);
  in.ours.Close();
  const auto pid = Spawn(invocation, in.theirs.number(), out.theirs.number(), err.theirs.number());
  in.theirs.Close();
  out.theirs.Close();
  err.theirs.Close();
  Outcome outcome;
  ReadAll(out.ours, outcome.out, err.ours, outcome.err);
  outcome.exit_code = Wait(pid);
  return outcome;
}

}  // namespace

Outcome RunMutexctl(const Invocation& invocation) {
  return invocation.in_terminal ? RunInTerminal(invocation) : RunInPipes(invocation);
}

}  // namespace mutexgroups
