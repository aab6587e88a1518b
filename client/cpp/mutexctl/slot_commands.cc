#include <memory>
#include <string>

#include "client/cpp/mutexctl/commands.h"
#include "client/cpp/mutexctl/options.h"

namespace mutexgroups::ctl {
namespace {

struct SlotFlags : WriteFlags {
  std::string id;
  std::string slot;
  MemberFlags members;
};

struct SetFlags : SlotFlags {
  bool clear_experiments = false;
  bool clear_holdouts = false;
  bool clear_individuals = false;
};

struct MoveFlags : SlotFlags {
  std::string to;
};

constexpr char kNoMembers[] = "no members given: use --experiment, --holdout or --individual";

int Set(Session& session, const SetFlags& flags) {
  v1::UpdateSlotRequest request;
  request.set_mutex_group_id(flags.id);
  request.set_slot_index(PositionOf(flags.slot));
  ApplyMembers(flags.members, *request.mutable_slot());
  auto& mask = *request.mutable_update_mask();
  const auto add_path = [&](bool listed, bool cleared, const char* path) {
    if (listed || cleared) mask.add_paths(path);
  };
  add_path(!flags.members.experiments.empty(), flags.clear_experiments, "experiment_ids");
  add_path(!flags.members.holdouts.empty(), flags.clear_holdouts, "holdout_ids");
  add_path(!flags.members.individuals.empty(), flags.clear_individuals, "individuals");
  if (mask.paths().empty()) {
    return UsageError(session, std::string(kNoMembers) + ", or a --clear-… flag");
  }
  request.set_etag(flags.etag);
  request.set_validate_only(flags.dry_run);
  return WithClient(session, [&](const Client& client) {
    return ShowOutcome(session, client.UpdateSlot(request), flags.dry_run);
  });
}

template <typename Request>
Request MembersRequest(const SlotFlags& flags) {
  Request request;
  request.set_mutex_group_id(flags.id);
  ApplyMembers(flags.members, request);
  request.set_etag(flags.etag);
  request.set_validate_only(flags.dry_run);
  return request;
}

int Add(Session& session, const SlotFlags& flags) {
  if (flags.members.empty()) return UsageError(session, kNoMembers);
  auto request = MembersRequest<v1::AddSlotMembersRequest>(flags);
  request.set_slot_index(PositionOf(flags.slot));
  return WithClient(session, [&](const Client& client) {
    return ShowOutcome(session, client.AddSlotMembers(request), flags.dry_run);
  });
}

int Remove(Session& session, const SlotFlags& flags) {
  if (flags.members.empty()) return UsageError(session, kNoMembers);
  auto request = MembersRequest<v1::RemoveSlotMembersRequest>(flags);
  request.set_slot_index(PositionOf(flags.slot));
  return WithClient(session, [&](const Client& client) {
    return ShowOutcome(session, client.RemoveSlotMembers(request), flags.dry_run);
  });
}

int Move(Session& session, const MoveFlags& flags) {
  if (flags.members.empty()) return UsageError(session, kNoMembers);
  auto request = MembersRequest<v1::MoveSlotMembersRequest>(flags);
  request.set_from_slot_index(PositionOf(flags.slot));
  request.set_to_slot_index(PositionOf(flags.to));
  return WithClient(session, [&](const Client& client) {
    return ShowOutcome(session, client.MoveSlotMembers(request), flags.dry_run);
  });
}

void AddPosition(CLI::App& command, const char* name, std::string& value, const char* description) {
  command.add_option(name, value, description)->type_name("N")->required()->check(IsPosition());
}

// A slot command with the options that all of them have.
template <typename Flags>
CLI::App& AddSlotCommand(CLI::App& slot, const char* name, const char* description, Flags& flags) {
  auto& command = *slot.add_subcommand(name, description);
  command.add_option("id", flags.id, "Id of the group")->type_name("ID")->required();
  AddMemberFlags(command, flags.members);
  AddWriteFlags(command, flags);
  return command;
}

// Makes `run` the session's action once the command is parsed.
template <typename Flags>
void Run(CLI::App& command, Session& session, std::shared_ptr<Flags> flags,
         int (*run)(Session&, const Flags&)) {
  command.callback([&session, flags, run] {
    session.action = [&session, flags, run] { return run(session, *flags); };
  });
}

void AddSet(CLI::App& slot, Session& session) {
  auto flags = std::make_shared<SetFlags>();
  auto& command = AddSlotCommand(
      slot, "set", "Replace what a slot holds; lists that are not named stay", *flags);
  AddPosition(command, "slot", flags->slot, "The slot's position, from 1");
  command.add_flag("--clear-experiments", flags->clear_experiments, "Leave no experiment")
      ->excludes("--experiment");
  command.add_flag("--clear-holdouts", flags->clear_holdouts, "Leave no holdout group")
      ->excludes("--holdout");
  command.add_flag("--clear-individuals", flags->clear_individuals, "Leave no individual")
      ->excludes("--individual");
  Run(command, session, flags, &Set);
}

void AddAdd(CLI::App& slot, Session& session) {
  auto flags = std::make_shared<SlotFlags>();
  auto& command = AddSlotCommand(slot, "add", "Add members to a slot", *flags);
  AddPosition(command, "slot", flags->slot, "The slot's position, from 1");
  Run(command, session, flags, &Add);
}

void AddRemove(CLI::App& slot, Session& session) {
  auto flags = std::make_shared<SlotFlags>();
  auto& command = AddSlotCommand(slot, "remove", "Remove members from a slot", *flags);
  AddPosition(command, "slot", flags->slot, "The slot's position, from 1");
  Run(command, session, flags, &Remove);
}

void AddMove(CLI::App& slot, Session& session) {
  auto flags = std::make_shared<MoveFlags>();
  auto& command =
      AddSlotCommand(slot, "move", "Move members from one slot of a group to another", *flags);
  AddPosition(command, "from", flags->slot, "Position of the slot that has them");
  AddPosition(command, "to", flags->to, "Position of the slot that shall have them");
  Run(command, session, flags, &Move);
}

}  // namespace

void AddSlotCommands(CLI::App& root, Session& session) {
  auto& slot = *root.add_subcommand("slot", "Change what a slot of a group holds");
  slot.require_subcommand(1);
  AddSet(slot, session);
  AddAdd(slot, session);
  AddRemove(slot, session);
  AddMove(slot, session);
}

}  // namespace mutexgroups::ctl
