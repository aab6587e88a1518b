#include "client/cpp/mutexctl/session.h"

#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/document.h"
#include "client/cpp/mutexctl/error_block.h"
#include "client/cpp/mutexctl/group_view.h"
#include "client/cpp/mutexctl/remedy.h"
#include "client/cpp/mutexctl/safe_text.h"
#include "mutexgroups/file_content.h"

namespace mutexgroups::ctl {
namespace {

// Reads the caller's key into the client's options; gives what is wrong.
std::optional<std::string> ReadAmplitudeKey(Session& session) {
  const auto& path = session.amplitude_key_file;
  if (path.empty()) return std::nullopt;
  std::string key;
  const auto why = ReadFile(path, key);
  absl::StripAsciiWhitespace(&key);
  if (why || key.empty()) {
    return absl::StrCat("--amplitude-key-file: cannot read ", path, ": ",
                        why.value_or("it is empty"), "; name a file with a management key");
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
