// The command line of mutexctl: all commands with their flags, and one run of it.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "client/cpp/mutexctl/session.h"

namespace mutexgroups::ctl {

// The whole command line. `session` must outlive it.
std::unique_ptr<CLI::App> MakeCommandLine(Session& session);

// Parses and runs; gives the exit code. Mistakes are told on the session's standard error.
int RunCommandLine(Session& session, int argc, const char* const* argv);

}  // namespace mutexgroups::ctl
