// What the terminals that mutexctl is connected to can show.
#pragma once

#include <functional>
#include <string_view>

#include "client/cpp/mutexctl/slot_bar.h"

namespace mutexgroups::ctl {

struct Terminal {
  bool can_ask = false;  // standard input and error are terminals
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int width = 80;  // columns of standard output
  BarStyle style;  // of standard output
};

// Which of the process's streams are terminals, and the columns of standard output where it is one
// that tells (0 else).
struct Streams {
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int columns = 0;
};

// A variable of the environment; null where it is not set.
using Environment = std::function<const char*(const char* name)>;

// Colour only on a terminal that is not dumb, and never where NO_COLOR is set and not empty;
// Unicode where the locale (LC_ALL, LC_CTYPE, LANG, in this order) is UTF-8; the width is that of
// the terminal, else COLUMNS, else 80.
Terminal DetectTerminal(const Streams& streams, const Environment& environment);

// The streams of this process.
Streams StreamsOfProcess();

}  // namespace mutexgroups::ctl
