#include "client/cpp/mutexctl/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace mutexgroups::ctl {
namespace {

constexpr int kNarrowest = 40;
constexpr int kWidest = 400;

std::string Value(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? "" : value;
}

bool LocaleIsUtf8(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = absl::AsciiStrToLower(Value(environment, name));
    if (!locale.empty())
      return absl::StrContains(locale, "utf-8") || absl::StrContains(locale, "utf8");
  }
  return false;
}

int Width(const Streams& streams, const Environment& environment) {
  int width = streams.columns;
  if (width <= 0 && !absl::SimpleAtoi(Value(environment, "COLUMNS"), &width)) width = 80;
  return std::clamp(width, kNarrowest, kWidest);
}

}  // namespace

Terminal DetectTerminal(const Streams& streams, const Environment& environment) {
  Terminal terminal;
  terminal.can_ask = streams.in_is_terminal && streams.err_is_terminal;
  terminal.out_is_terminal = streams.out_is_terminal;
  terminal.err_is_terminal = streams.err_is_terminal;
  terminal.width = Width(streams, environment);
  terminal.style.unicode = LocaleIsUtf8(environment);
  terminal.style.colour = streams.out_is_terminal && Value(environment, "NO_COLOR").empty() &&
                          Value(environment, "TERM") != "dumb";
  return terminal;
}

Streams StreamsOfProcess() {
  Streams streams;
  streams.in_is_terminal = isatty(STDIN_FILENO) == 1;
  streams.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  streams.err_is_terminal = isatty(STDERR_FILENO) == 1;
  winsize size = {};
  if (streams.out_is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    streams.columns = size.ws_col;
  }
  return streams;
}

}  // namespace mutexgroups::ctl
