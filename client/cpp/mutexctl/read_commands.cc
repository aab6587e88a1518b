#include <memory>
#include <string>
#include <vector>

#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/options.h"
#include "client/cpp/mutexctl/scan.h"

namespace mutexgroups::ctl {
namespace {

struct ListFlags : ReadFlags {
  std::string project;
  std::string key;
  bool show_archived = false;
};

struct GetFlags : ReadFlags {
  std::vector<std::string> ids;
  std::string key;
};

struct FindFlags : ReadFlags {
  std::string experiment;
  std::string holdout;
  std::string individual;
  bool show_archived = false;
};

int ListGroups(Session& session, const v1::ListMutexGroupsRequest& request) {
  return WithClient(session, [&](const Client& client) {
    const auto groups = Scan(session, client, request);
    if (!groups.ok()) return Failed(session, groups.error());
    ShowGroups(session, *groups, request.filter());
    return 0;
  });
}

int List(Session& session, const ListFlags& flags) {
  v1::ListMutexGroupsRequest request;
  if (!flags.project.empty()) request.mutable_filter()->set_project_id(IdOf(flags.project));
  if (!flags.key.empty()) request.mutable_filter()->set_key(flags.key);
  request.set_show_archived(flags.show_archived);
  ApplyReadFlags(flags, request);
  return ListGroups(session, request);
}

int Find(Session& session, const FindFlags& flags) {
  if (flags.experiment.empty() && flags.holdout.empty() && flags.individual.empty()) {
    return UsageError(session, "find needs --experiment, --holdout or --individual");
  }
  v1::ListMutexGroupsRequest request;
  auto& filter = *request.mutable_filter();
  filter.set_experiment_id(IdOf(flags.experiment));
  filter.set_holdout_id(IdOf(flags.holdout));
  filter.set_individual(flags.individual);
  request.set_show_archived(flags.show_archived);
  ApplyReadFlags(flags, request);
  return ListGroups(session, request);
}

int GetOne(Session& session, const GetFlags& flags) {
  v1::GetMutexGroupRequest request;
  if (flags.ids.empty()) {
    request.set_key(flags.key);
  } else {
    request.set_mutex_group_id(flags.ids[0]);
  }
  ApplyReadFlags(flags, request);
  return WithClient(session, [&](const Client& client) {
    const auto reply = client.Get(request);
    if (!reply.ok()) return Failed(session, reply.error());
    ShowGroup(session, reply->mutex_group());
    return 0;
  });
}

int GetSeveral(Session& session, const GetFlags& flags) {
  v1::BatchGetMutexGroupsRequest request;
  for (const auto& id : flags.ids) request.add_mutex_group_ids(id);
  ApplyReadFlags(flags, request);
  return WithClient(session, [&](const Client& client) {
    const auto reply = client.BatchGet(request);
    if (!reply.ok()) return Failed(session, reply.error());
    // Printed as a listing is, so that programs read one shape.
    v1::ListMutexGroupsResponse groups;
    *groups.mutable_mutex_groups() = reply->mutex_groups();
    if (reply->has_read_time()) *groups.mutable_read_time() = reply->read_time();
    ShowGroups(session, groups, {});
    return 0;
  });
}

int Get(Session& session, const GetFlags& flags) {
  if (flags.ids.empty() == flags.key.empty()) {
    return UsageError(session, "get needs either ids or --key");
  }
  return flags.ids.size() > 1 ? GetSeveral(session, flags) : GetOne(session, flags);
}

void AddShowArchived(CLI::App& command, bool& flag) {
  command.add_flag("--show-archived", flag, "Show archived groups too");
}

void AddList(CLI::App& root, Session& session) {
  auto flags = std::make_shared<ListFlags>();
  auto& command = *root.add_subcommand("list", "List mutex groups");
  command.add_option("--project", flags->project, "Only groups of this project")
      ->type_name("ID")
      ->check(IsId());
  command.add_option("--key", flags->key, "Only the group with this key")->type_name("KEY");
  AddShowArchived(command, flags->show_archived);
  AddReadFlags(command, *flags);
  command.callback(
      [&session, flags] { session.action = [&session, flags] { return List(session, *flags); }; });
}

void AddGet(CLI::App& root, Session& session) {
  auto flags = std::make_shared<GetFlags>();
  auto& command = *root.add_subcommand("get", "Show one mutex group, or several by their ids");
  command.add_option("id", flags->ids, "Ids of the groups")->type_name("ID");
  command.add_option("--key", flags->key, "The group's key instead of its id (costs a scan)")
      ->type_name("KEY");
  AddReadFlags(command, *flags);
  command.callback(
      [&session, flags] { session.action = [&session, flags] { return Get(session, *flags); }; });
}

void AddFind(CLI::App& root, Session& session) {
  auto flags = std::make_shared<FindFlags>();
  auto& command = *root.add_subcommand(
      "find", "Find the mutex groups that hold a member; all given must match");
  command.add_option("--experiment", flags->experiment, "Groups with this experiment in a slot")
      ->type_name("ID")
      ->check(IsId());
  command.add_option("--holdout", flags->holdout, "Groups with this holdout group in a slot")
      ->type_name("ID")
      ->check(IsId());
  command
      .add_option("--individual", flags->individual,
                  "Groups with this user id or device id in a slot")
      ->type_name("ID");
  AddShowArchived(command, flags->show_archived);
  AddReadFlags(command, *flags);
  command.callback(
      [&session, flags] { session.action = [&session, flags] { return Find(session, *flags); }; });
}

}  // namespace

void AddReadCommands(CLI::App& root, Session& session) {
  AddList(root, session);
  AddGet(root, session);
  AddFind(root, session);
}

}  // namespace mutexgroups::ctl
