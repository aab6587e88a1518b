#include "service/app/end_deadline.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace mutexd::app {
namespace {

// Never destroyed: the signal comes while the process ends.
std::string& LastWords() {
  static auto* const words = new std::string();
  return *words;
}

void End(int) {
  // Nobody may be reading, and then there is nothing to wait for.
  fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
  const std::string& words = LastWords();
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, words.data(), words.size());
  _exit(1);
}

}  // namespace

void EndProcessAfter(absl::Duration limit, std::string last_words) {
  LastWords() = std::move(last_words);
  std::signal(SIGALRM, End);
  itimerval timer{};
  timer.it_value = absl::ToTimeval(limit);
  setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace mutexd::app
