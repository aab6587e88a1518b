// Runs the real mutexctl as users do, from a shell's pipes or from a terminal.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace mutexgroups {

struct Outcome {
  int exit_code = -1;  // 128 and the signal's number where one ended it
  std::string out;
  std::string err;  // where all streams are a terminal, everything is in `out`
};

struct Invocation {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // nothing else is set
  std::string input;  // on standard input; less than a pipe holds (64 KiB), or a terminal (4 KiB)

  // Makes all three streams one terminal of 100 columns.
  bool in_terminal = false;

  // Opened as standard output where not empty.
  std::string out_path;
};

// Runs it to its end.
Outcome RunMutexctl(const Invocation& invocation);

}  // namespace mutexgroups
