#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/input_file.h"
#include "client/cpp/mutexctl/options.h"

namespace mutexgroups::ctl {
namespace {

struct UpdateFlags : WriteFlags {
  std::string id;
  std::string file;
  std::optional<std::string> name;
  std::optional<std::string> description;
};

// The request that file and flags ask for, or what is wrong with them.
absl::StatusOr<v1::UpdateMutexGroupRequest> RequestOf(const UpdateFlags& flags, std::istream& in) {
  InputGroup input;
  if (!flags.file.empty()) {
    auto read = ReadGroupFile(flags.file, in);
    if (!read.ok()) return read.status();
    input = *std::move(read);
  }
  auto& group = input.group;
  if (group.id().empty()) group.set_id(flags.id);
  if (group.id().empty()) return absl::InvalidArgumentError("update needs the group's id");
  if (!flags.id.empty() && flags.id != group.id()) {
    return absl::InvalidArgumentError("the file is about another group: its id differs");
  }
  if (flags.name) group.set_name(*flags.name);
  if (flags.description) group.set_description(*flags.description);

  v1::UpdateMutexGroupRequest request;
  auto& mask = *request.mutable_update_mask();
  if (flags.name || input.fields.contains("name")) mask.add_paths("name");
  if (flags.description || input.fields.contains("description")) mask.add_paths("description");
  if (mask.paths().empty()) {
    return absl::InvalidArgumentError("nothing to change: give --name, --description or a file");
  }
  request.set_etag(flags.etag.empty() ? group.etag() : flags.etag);
  group.clear_etag();
  request.set_validate_only(flags.dry_run);
  *request.mutable_mutex_group() = std::move(group);
  return request;
}

int Update(Session& session, const UpdateFlags& flags) {
  const auto request = RequestOf(flags, session.in);
  if (!request.ok()) return UsageError(session, std::string(request.status().message()));
  return WithClient(session, [&](const Client& client) {
    return ShowOutcome(session, client.Update(*request), flags.dry_run);
  });
}

}  // namespace

void AddUpdateCommand(CLI::App& root, Session& session) {
  auto flags = std::make_shared<UpdateFlags>();
  auto& command = *root.add_subcommand("update", "Change a group's name and description");
  command.add_option("id", flags->id, "Id of the group (may stand in the file)")->type_name("ID");
  command
      .add_option("-f,--file", flags->file,
                  "File as `get -o yaml` prints it, edited (- is standard input); its etag is sent "
                  "unless --etag is given")
      ->type_name("FILE");
  command.add_option("--name", flags->name, "The new name")->type_name("NAME");
  command.add_option("--description", flags->description, "The new description (\"\" clears it)")
      ->type_name("TEXT");
  AddWriteFlags(command, *flags);
  command.callback([&session, flags] {
    session.action = [&session, flags] { return Update(session, *flags); };
  });
}

}  // namespace mutexgroups::ctl
