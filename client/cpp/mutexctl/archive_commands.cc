#include <istream>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/options.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

struct ArchiveFlags : WriteFlags {
  std::string id;
  bool yes = false;
};

std::string Question(const v1::MutexGroup& group) {
  std::set<std::int64_t> experiments;
  for (const auto& slot : group.slots()) {
    experiments.insert(slot.experiment_ids().begin(), slot.experiment_ids().end());
  }
  std::string question =
      absl::StrCat("Archive \"", Escaped(group.name()), "\" (id ", Escaped(group.id()), ")?");
  if (!experiments.empty()) {
    absl::StrAppend(&question, " These experiments would no longer depend on it: ",
                    absl::StrJoin(experiments, ", "), ".");
  }
  return question + " [y/N] ";
}

bool Confirmed(Session& session, const v1::MutexGroup& group) {
  session.err << Question(group) << std::flush;
  std::string answer;
  std::getline(session.in, answer);
  answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
  return answer == "y" || answer == "yes";
}

int Send(Session& session, const Client& client, const ArchiveFlags& flags,
         const std::string& etag) {
  v1::ArchiveMutexGroupRequest request;
  request.set_mutex_group_id(flags.id);
  request.set_etag(etag);
  request.set_validate_only(flags.dry_run);
  return ShowOutcome(session, client.Archive(request), flags.dry_run);
}

// Shows the group and asks; what is archived then is the group that was shown.
int AskAndSend(Session& session, const Client& client, const ArchiveFlags& flags) {
  v1::GetMutexGroupRequest request;
  request.set_mutex_group_id(flags.id);
  const auto reply = client.Get(request);
  if (!reply.ok()) return Failed(session, reply.error());
  const auto& group = reply->mutex_group();
  if (!Confirmed(session, group)) {
    session.err << "Nothing was changed.\n";
    return ExitCode(grpc::StatusCode::CANCELLED);
  }
  return Send(session, client, flags, flags.etag.empty() ? group.etag() : flags.etag);
}

int Archive(Session& session, const ArchiveFlags& flags) {
  const bool asks = !flags.yes && !flags.dry_run;
  if (asks && !session.terminal.can_ask) {
    return UsageError(session, "archive asks first, and there is no terminal: add --yes");
  }
  return WithClient(session, [&](const Client& client) {
    if (asks) return AskAndSend(session, client, flags);
    return Send(session, client, flags, flags.etag);
  });
}

int Unarchive(Session& session, const ArchiveFlags& flags) {
  v1::UnarchiveMutexGroupRequest request;
  request.set_mutex_group_id(flags.id);
  request.set_etag(flags.etag);
  request.set_validate_only(flags.dry_run);
  return WithClient(session, [&](const Client& client) {
    return ShowOutcome(session, client.Unarchive(request), flags.dry_run);
  });
}

}  // namespace

void AddArchiveCommands(CLI::App& root, Session& session) {
  auto flags = std::make_shared<ArchiveFlags>();
  auto& archive = *root.add_subcommand(
      "archive", "Archive a group: its experiments no longer depend on it (asks first)");
  archive.add_option("id", flags->id, "Id of the group")->type_name("ID")->required();
  archive.add_flag("-y,--yes", flags->yes, "Do not ask");
  AddWriteFlags(archive, *flags);
  archive.callback([&session, flags] {
    session.action = [&session, flags] { return Archive(session, *flags); };
  });

  auto& unarchive = *root.add_subcommand(
      "unarchive", "Take a group out of the archive (experiments do not depend on it again)");
  unarchive.add_option("id", flags->id, "Id of the group")->type_name("ID")->required();
  AddWriteFlags(unarchive, *flags);
  unarchive.callback([&session, flags] {
    session.action = [&session, flags] { return Unarchive(session, *flags); };
  });
}

}  // namespace mutexgroups::ctl
