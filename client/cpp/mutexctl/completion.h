// Completion scripts for shells, made from the command line itself.
//
// The files in completion/ are what these functions return; a test compares them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace mutexgroups::ctl {

std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);
std::string FishCompletion(const CLI::App& app);

}  // namespace mutexgroups::ctl
