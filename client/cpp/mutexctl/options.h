// Options that several commands have.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mutexgroups/v1/mutex_group_service.pb.h"

namespace mutexgroups::ctl {

// What a write can carry besides what it writes.
struct WriteFlags {
  std::string etag;
  bool dry_run = false;
};
void AddDryRun(CLI::App& command, WriteFlags& flags);
void AddWriteFlags(CLI::App& command, WriteFlags& flags);

// How a read may be answered.
struct ReadFlags {
  std::string max_staleness;
};
void AddReadFlags(CLI::App& command, ReadFlags& flags);

// Sets the request's `max_staleness` where the flag was given.
template <typename Request>
void ApplyReadFlags(const ReadFlags& flags, Request& request);

// Members of slots, as they are named on a command line.
struct MemberFlags {
  std::vector<std::string> experiments;
  std::vector<std::string> holdouts;
  std::vector<std::string> individuals;

  bool empty() const { return experiments.empty() && holdouts.empty() && individuals.empty(); }
};
void AddMemberFlags(CLI::App& command, MemberFlags& flags);

// Adds the members to a request or slot.
template <typename Message>
void ApplyMembers(const MemberFlags& flags, Message& message);

// Checks of values, for Option::check(): the text says what is expected.
CLI::Validator IsId();
CLI::Validator IsPosition();
CLI::Validator IsDuration(bool zero_allowed);

// -- implementation

// The value of a flag that its check has let pass; zero where it was not given.
std::int64_t IdOf(const std::string& value);
std::int32_t PositionOf(const std::string& value);
std::chrono::milliseconds DurationOf(const std::string& value);
google::protobuf::Duration DurationMessage(const std::string& value);

template <typename Request>
void ApplyReadFlags(const ReadFlags& flags, Request& request) {
  if (flags.max_staleness.empty()) return;
  *request.mutable_max_staleness() = DurationMessage(flags.max_staleness);
}

template <typename Message>
void ApplyMembers(const MemberFlags& flags, Message& message) {
  for (const auto& id : flags.experiments) message.add_experiment_ids(IdOf(id));
  for (const auto& id : flags.holdouts) message.add_holdout_ids(IdOf(id));
  for (const auto& individual : flags.individuals) message.add_individuals(individual);
}

}  // namespace mutexgroups::ctl
