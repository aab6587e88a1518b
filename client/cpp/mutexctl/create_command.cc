#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/flag_values.h"
#include "client/cpp/mutexctl/input_file.h"
#include "client/cpp/mutexctl/options.h"
#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

struct CreateFlags : WriteFlags {
  std::string file;
  std::string project;
  std::optional<std::string> name;
  std::optional<std::string> key;
  std::optional<std::string> description;
  std::optional<std::string> bucketing_key;
  std::optional<std::string> bucketing_salt;
  std::string evaluation_mode;
  std::vector<std::string> slots;
  std::string request_id;
};

// Lays the flags over what the file says.
void ApplyFlags(const CreateFlags& flags, v1::MutexGroup& group) {
  if (!flags.project.empty()) group.set_project_id(IdOf(flags.project));
  if (flags.name) group.set_name(*flags.name);
  if (flags.key) group.set_key(*flags.key);
  if (flags.description) group.set_description(*flags.description);
  if (flags.bucketing_key) group.set_bucketing_key(*flags.bucketing_key);
  if (flags.bucketing_salt) group.set_bucketing_salt(*flags.bucketing_salt);
  if (flags.evaluation_mode == "remote") group.set_evaluation_mode(v1::EVALUATION_MODE_REMOTE);
  if (flags.evaluation_mode == "local") group.set_evaluation_mode(v1::EVALUATION_MODE_LOCAL);
  if (!flags.slots.empty()) group.clear_slots();
  for (const auto& text : flags.slots) {
    // Its check has let it pass.
    if (auto slot = ParseSlot(text); slot.ok()) *group.add_slots() = *std::move(slot);
  }
}

// Whether the group may have been made although the call failed.
bool MayHaveBeenMade(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
      return true;
    default:
      return false;
  }
}

int Send(Session& session, const Client& client, v1::CreateMutexGroupRequest& request) {
  const auto reply = client.Create(request);
  if (!reply.ok()) {
    const int exit_code = Failed(session, reply.error());
    if (MayHaveBeenMade(reply.error().code) && !request.validate_only()) {
      session.err << "  to repeat:    add --request-id " << Escaped(request.request_id())
                  << " so that the group is made once\n";
    }
    return exit_code;
  }
  ShowGroup(session, reply->mutex_group());
  NoteDryRun(session, request.validate_only());
  if (!request.validate_only()) {
    session.err << "Created mutex group " << Escaped(reply->mutex_group().id())
                << (reply->url().empty() ? "" : ": ") << Escaped(reply->url()) << "\n";
  }
  return 0;
}

int Create(Session& session, const CreateFlags& flags) {
  v1::CreateMutexGroupRequest request;
  if (!flags.file.empty()) {
    auto input = ReadGroupFile(flags.file, session.in);
    if (!input.ok()) return UsageError(session, std::string(input.status().message()));
    *request.mutable_mutex_group() = std::move(input->group);
  }
  ApplyFlags(flags, *request.mutable_mutex_group());
  request.set_request_id(flags.request_id);
  request.set_validate_only(flags.dry_run);
  return WithClient(session, [&](const Client& client) { return Send(session, client, request); });
}

CLI::Validator IsSlot() {
  return CLI::Validator(
      [](const std::string& value) {
        const auto slot = ParseSlot(value);
        return slot.ok() ? std::string() : std::string(slot.status().message());
      },
      "");
}

}  // namespace

void AddCreateCommand(CLI::App& root, Session& session) {
  auto flags = std::make_shared<CreateFlags>();
  auto& command =
      *root.add_subcommand("create", "Create a mutex group from a file, from flags, or both");
  command
      .add_option("-f,--file", flags->file,
                  "YAML or JSON file with the group (- is standard input); flags override it")
      ->type_name("FILE");
  command.add_option("--project", flags->project, "Amplitude's project id")
      ->type_name("ID")
      ->check(IsId());
  command.add_option("--name", flags->name, "The name that people see")->type_name("NAME");
  command.add_option("--key", flags->key, "Unique key (made from the name when absent)")
      ->type_name("KEY");
  command.add_option("--description", flags->description, "Free text")->type_name("TEXT");
  command.add_option("--evaluation-mode", flags->evaluation_mode, "Where users are bucketed")
      ->type_name("MODE")
      ->check(CLI::IsMember({"remote", "local"}));
  command.add_option("--bucketing-key", flags->bucketing_key, "The user property that decides")
      ->type_name("KEY");
  command
      .add_option("--bucketing-salt", flags->bucketing_salt, "The salt of the hash that decides")
      ->type_name("SALT");
  command
      .add_option("--slot", flags->slots,
                  "A slot, repeatable: its percentage, then members, such as "
                  "40,experiment=123,holdout=5,individual=a@example.com")
      ->type_name("SLOT")
      ->allow_extra_args(false)
      ->check(IsSlot());
  command
      .add_option("--request-id", flags->request_id,
                  "UUID that makes the create safe to repeat (made when absent)")
      ->type_name("UUID");
  AddDryRun(command, *flags);
  command.callback([&session, flags] {
    session.action = [&session, flags] { return Create(session, *flags); };
  });
}

}  // namespace mutexgroups::ctl
