// What the commands of one run of mutexctl share: where to call, how to print, and how a run ends.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

#include "client/cpp/mutexctl/terminal.h"
#include "mutexgroups/client.h"

namespace mutexgroups::ctl {

enum class OutputFormat { kTable, kJson, kYaml };

struct Session {
  ClientOptions client;
  std::string amplitude_key_file;  // with the caller's own key; empty: none is sent
  OutputFormat output = OutputFormat::kTable;
  Terminal terminal;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;

  // What the command line asks for; gives the exit code. Set by parsing, run after it.
  std::function<int()> action;
};

// How a run ends: 0, kUsageExitCode, or kGrpcExitCode plus the gRPC status code, as grpcurl does.
inline constexpr int kUsageExitCode = 2;
inline constexpr int kGrpcExitCode = 64;
int ExitCode(grpc::StatusCode code);

// Runs `call` with a client; options and files that cannot be used are a usage error.
int WithClient(Session& session, const std::function<int(const Client&)>& call);

// Each prints to standard error and returns the exit code.
int UsageError(Session& session, const std::string& message);
int Failed(Session& session, const Error& error);

// Prints a group, or what a listing found, in the format asked for.
void ShowGroup(Session& session, const v1::MutexGroup& group);
void ShowGroups(Session& session, const v1::ListMutexGroupsResponse& groups,
                const v1::MutexGroupFilter& wanted);

// Says on standard error that nothing was changed, where that is so.
void NoteDryRun(Session& session, bool dry_run);

// Ends a write: shows the group that it answered with.
template <typename Response>
int ShowOutcome(Session& session, const Result<Response>& result, bool dry_run) {
  if (!result.ok()) return Failed(session, result.error());
  ShowGroup(session, result->mutex_group());
  NoteDryRun(session, dry_run);
  return 0;
}

}  // namespace mutexgroups::ctl
