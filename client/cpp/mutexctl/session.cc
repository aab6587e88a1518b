#include "client/cpp/mutexctl/session.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/document.h"
#include "client/cpp/mutexctl/error_block.h"
#include "client/cpp/mutexctl/group_view.h"
#include "client/cpp/mutexctl/remedy.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

// Reads the caller's key into the client's options; gives what is wrong.
std::optional<std::string> ReadAmplitudeKey(Session& session) {
  const auto& path = session.amplitude_key_file;
  if (path.empty()) return std::nullopt;
  errno = 0;
  std::ifstream file(path);
  std::string key((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const int reason = errno;
  absl::StripAsciiWhitespace(&key);
  if (key.empty()) {
    return absl::StrCat("--amplitude-key-file: ",
                        reason != 0
                            ? absl::StrCat("cannot read ", path, ": ", std::strerror(reason))
                            : absl::StrCat(path, " is empty"),
                        "; name a file with a management key");
  }
  session.client.amplitude_key = std::move(key);
  return std::nullopt;
}

}  // namespace

int ExitCode(grpc::StatusCode code) { return kGrpcExitCode + static_cast<int>(code); }

int WithClient(Session& session, const std::function<int(const Client&)>& call) {
  if (const auto problem = ReadAmplitudeKey(session)) return UsageError(session, Escaped(*problem));
  const auto client = Client::Connect(session.client);
  if (!client.ok()) return UsageError(session, Escaped(client.error().message));
  return call(*client);
}

int UsageError(Session& session, const std::string& message) {
  session.err << "error: " << message << "\n";
  return kUsageExitCode;
}

int Failed(Session& session, const Error& error) {
  session.err << ErrorBlock(error, Remedy(error, session.client.server));
  return ExitCode(error.code);
}

void ShowGroup(Session& session, const v1::MutexGroup& group) {
  switch (session.output) {
    case OutputFormat::kTable:
      session.out << GroupDetail(group, session.terminal);
      break;
    case OutputFormat::kJson:
      session.out << ToJson(group);
      break;
    case OutputFormat::kYaml:
      session.out << ToYaml(group);
      break;
  }
}

void ShowGroups(Session& session, const v1::ListMutexGroupsResponse& groups,
                const v1::MutexGroupFilter& wanted) {
  switch (session.output) {
    case OutputFormat::kTable:
      session.out << GroupTable(groups.mutex_groups(), wanted, session.terminal);
      break;
    case OutputFormat::kJson:
      session.out << ToJson(groups);
      break;
    case OutputFormat::kYaml:
      session.out << ToYaml(groups);
      break;
  }
}

void NoteDryRun(Session& session, bool dry_run) {
  if (dry_run) session.err << "Dry run: nothing was changed.\n";
}

}  // namespace mutexgroups::ctl
