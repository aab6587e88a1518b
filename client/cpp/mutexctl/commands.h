// The command families. Each adds its commands to the command line; parsing one of them sets the
// session's action. `root` and `session` must outlive the parsing and the action.
#pragma once

#include <CLI/CLI.hpp>

#include "client/cpp/mutexctl/session.h"

namespace mutexgroups::ctl {

void AddReadCommands(CLI::App& root, Session& session);       // list, get, find
void AddCreateCommand(CLI::App& root, Session& session);      // create
void AddUpdateCommand(CLI::App& root, Session& session);      // update
void AddSlotCommands(CLI::App& root, Session& session);       // slot set|add|remove|move
void AddArchiveCommands(CLI::App& root, Session& session);    // archive, unarchive
void AddPolicyCommands(CLI::App& root, Session& session);     // policy check
void AddAuditCommands(CLI::App& root, Session& session);      // audit show
void AddHealthCommand(CLI::App& root, Session& session);      // health
void AddCompletionCommand(CLI::App& root, Session& session);  // completion

}  // namespace mutexgroups::ctl
