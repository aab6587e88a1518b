#include "service/groups/archive.h"

#include <optional>
#include <string>
#include <utility>

#include "service/amplitude/error.h"
#include "service/groups/group_errors.h"
#include "service/groups/write_permission.h"
#include "service/groups/write_settlement.h"

namespace mutexd::groups {
namespace {

using State = v1::MutexGroup::State;

GroupPtr WithState(const FetchedGroup& group, State state) {
  return ChangedCopy(group, [state](v1::MutexGroup& changed) { changed.set_state(state); });
}

bool GroupIsMissing(const absl::Status& read) {
  return amplitude::ReasonOf(read) == v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND;
}

// It is not known whether an archived group can still be read, nor whether it then says so: a group
// that is gone, or does not say that it is not archived, counts once the write was accepted.
WriteGoal ArchivedGoal(GroupPtr before) {
  WriteGoal goal;
  goal.judge = [before](const absl::StatusOr<GroupPtr>& read, bool accepted) {
    if (!read.ok())
      return accepted && GroupIsMissing(read.status()) ? Sight::kDone : Sight::kUnclear;
    const v1::MutexGroup& now = *(*read)->group;
    if (now.state() == v1::MutexGroup::STATE_ARCHIVED) return Sight::kDone;
    if (now.state() == v1::MutexGroup::STATE_UNSPECIFIED) {
      return accepted ? Sight::kDone : Sight::kUnclear;
    }
    return now.etag() == before->group->etag() ? Sight::kAsBefore : Sight::kOther;
  };
  goal.answer = [before](const absl::StatusOr<GroupPtr>& read) {
    return WithState(read.ok() ? **read : *before, v1::MutexGroup::STATE_ARCHIVED);
  };
  return goal;
}

// `before` is null when the group could not be read before. A group that can be read and does not
// say that it is archived is not.
WriteGoal UnarchivedGoal(GroupPtr before) {
  WriteGoal goal;
  goal.judge = [before](const absl::StatusOr<GroupPtr>& read, bool) {
    if (!read.ok()) {
      return before == nullptr && GroupIsMissing(read.status()) ? Sight::kAsBefore
                                                                : Sight::kUnclear;
    }
    const v1::MutexGroup& now = *(*read)->group;
    if (now.state() != v1::MutexGroup::STATE_ARCHIVED) return Sight::kDone;
    const bool as_before = before == nullptr || now.etag() == before->group->etag();
    return as_before ? Sight::kAsBefore : Sight::kOther;
  };
  return goal;
}

asio::awaitable<absl::StatusOr<GroupPtr>> Archive(Gateway& gateway, amplitude::Call& call,
                                                  const v1::ArchiveMutexGroupRequest& request) {
  const std::string& id = request.mutex_group_id();
  absl::StatusOr<WriteTurn> turn = co_await BeginWrite(gateway, call, id, request.etag());
  if (!turn.ok()) co_return std::move(turn).status();
  const GroupPtr before = turn->before;
  if (before->group->state() == v1::MutexGroup::STATE_ARCHIVED) co_return before;
  if (request.validate_only()) co_return WithState(*before, v1::MutexGroup::STATE_ARCHIVED);
  WriteGoal goal = ArchivedGoal(before);
  goal.send = [&] { return gateway.amplitude.Edit(call, id, {.archive = true}); };
  co_return co_await Write(gateway, call, id, std::move(goal));
}

asio::awaitable<absl::StatusOr<GroupPtr>> Unarchive(Gateway& gateway, amplitude::Call& call,
                                                    const v1::UnarchiveMutexGroupRequest& request) {
  const std::string& id = request.mutex_group_id();
  std::optional<GroupLock> lock = co_await gateway.locks.Acquire(id);
  if (!lock) co_return absl::CancelledError();
  absl::StatusOr<GroupPtr> read = co_await ReadToWrite(gateway, call, id);
  // An archived group may not be readable: that is no reason not to try, unless it depends on the
  // group whether the caller may.
  const bool unreadable =
      !read.ok() && GroupIsMissing(read.status()) && call.write_guard == nullptr;
  if (!read.ok() && !unreadable) co_return read;
  if (unreadable && !request.etag().empty()) co_return EtagMismatch(id, "");
  if (unreadable && request.validate_only()) co_return read;

  GroupPtr before;
  if (read.ok()) {
    before = *read;
    call.group_before = before;
    absl::Status same = CheckEtag(request.etag(), *before->group);
    if (!same.ok()) co_return same;
    if (before->group->state() == v1::MutexGroup::STATE_ACTIVE) co_return before;
    if (request.validate_only()) co_return WithState(*before, v1::MutexGroup::STATE_ACTIVE);
  }
  WriteGoal goal = UnarchivedGoal(before);
  goal.send = [&] { return gateway.amplitude.Edit(call, id, {.archive = false}); };
  co_return co_await Write(gateway, call, id, std::move(goal));
}

}  // namespace

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::ArchiveMutexGroupResponse>>> ArchiveGroup(
    Gateway& gateway, amplitude::Call& call, const v1::ArchiveMutexGroupRequest& request) {
  absl::StatusOr<GroupPtr> group = co_await Archive(gateway, call, request);
  co_return WriteReply<v1::ArchiveMutexGroupResponse>(gateway, call, std::move(group));
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const v1::UnarchiveMutexGroupResponse>>>
UnarchiveGroup(Gateway& gateway, amplitude::Call& call,
               const v1::UnarchiveMutexGroupRequest& request) {
  absl::StatusOr<GroupPtr> group = co_await Unarchive(gateway, call, request);
  co_return WriteReply<v1::UnarchiveMutexGroupResponse>(gateway, call, std::move(group));
}

}  // namespace mutexd::groups
