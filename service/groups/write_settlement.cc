#include "service/groups/write_settlement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/amplitude/etag.h"
#include "service/groups/group_errors.h"
#include "service/groups/write_permission.h"

namespace mutexd::groups {
namespace {

constexpr absl::Duration kFirstVisibilityWait = absl::Milliseconds(100);

// Kept of the time before the deadline for the answer itself.
constexpr absl::Duration kAnswerReserve = absl::Milliseconds(50);

constexpr int kMaxWriteAttempts = 5;

// The least time in which a write and the read after it are worth beginning.
constexpr absl::Duration kLeastWriteTime = absl::Milliseconds(250);

absl::Status ConcurrentChange(absl::string_view id) {
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE,
      absl::StrCat("mutex group '", id,
                   "' was changed by somebody else during the write and does not hold what was "
                   "asked for; read it and decide anew"));
  amplitude::SetResource(status, kGroupResource, id);
  return status;
}

// A read that succeeded, or failed in a way that the next may not.
bool NextMayShow(const absl::Status& read) {
  const v1::ErrorReason reason = amplitude::ReasonOf(read);
  return read.ok() || reason == v1::ERROR_REASON_AMPLITUDE_UNAVAILABLE ||
         reason == v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED ||
         reason == v1::ERROR_REASON_QUOTA_PER_SECOND ||
         reason == v1::ERROR_REASON_MUTEX_GROUP_NOT_FOUND;
}

// The error of a write whose traces `last_read` does not show.
absl::Status Unsettled(const amplitude::WriteResult& write, Sight sight,
                       const absl::StatusOr<GroupPtr>& last_read) {
  const std::string why =
      last_read.ok() ? "the group does not show it"
                     : absl::StrCat("reading the group failed: ", last_read.status().message());
  if (write.effect == amplitude::WriteEffect::kAccepted) {
    absl::Status status = WriteNotYetVisible(why);
    CopyHttpStatus(last_read.status(), status);
    return status;
  }
  if (sight == Sight::kAsBefore) return write.status;
  return WriteOutcomeUnknown(why, write.status);
}

}  // namespace

GroupPtr ChangedCopy(const FetchedGroup& group,
                     const std::function<void(v1::MutexGroup&)>& change) {
  auto copy = std::make_shared<FetchedGroup>();
  auto* changed = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&copy->arena);
  *changed = *group.group;
  change(*changed);
  changed->set_etag(amplitude::Etag(*changed));
  copy->group = changed;
  copy->read_time = group.read_time;
  return copy;
}

absl::Status CheckEtag(const std::string& etag, const v1::MutexGroup& group) {
  if (etag.empty() || etag == group.etag()) return absl::OkStatus();
  return EtagMismatch(group.id(), group.etag());
}

asio::awaitable<absl::StatusOr<WriteTurn>> BeginWrite(Gateway& gateway, amplitude::Call& call,
                                                      std::string id, std::string etag) {
  std::optional<GroupLock> lock = co_await gateway.locks.Acquire(id);
  if (!lock) co_return absl::CancelledError();
  absl::StatusOr<GroupPtr> before = co_await ReadToWrite(gateway, call, id);
  if (!before.ok()) co_return std::move(before).status();
  call.group_before = *before;
  absl::Status same = CheckEtag(etag, *(*before)->group);
  if (!same.ok()) co_return same;
  co_return WriteTurn{*std::move(lock), *std::move(before)};
}

WriteGoal GoalThat(GroupPtr before, std::function<bool(const v1::MutexGroup&)> holds) {
  WriteGoal goal;
  goal.judge = [before = std::move(before), holds = std::move(holds)](
                   const absl::StatusOr<GroupPtr>& read, bool) {
    if (!read.ok()) return Sight::kUnclear;
    const v1::MutexGroup& now = *(*read)->group;
    if (holds(now)) return Sight::kDone;
    return now.etag() == before->group->etag() ? Sight::kAsBefore : Sight::kOther;
  };
  return goal;
}

asio::awaitable<absl::StatusOr<GroupPtr>> Write(Gateway& gateway, amplitude::Call& call,
                                                std::string id, WriteGoal goal) {
  amplitude::WriteResult result = co_await goal.send();
  co_return co_await Settle(gateway, call, std::move(id), std::move(result), std::move(goal));
}

asio::awaitable<absl::StatusOr<GroupPtr>> Settle(Gateway& gateway, amplitude::Call& call,
                                                 std::string id, amplitude::WriteResult result,
                                                 WriteGoal goal) {
  using amplitude::WriteEffect;
  std::optional<VisibilityWaits> waits;
  WriteRepeats repeats(gateway, call);
  while (true) {
    if (result.effect == WriteEffect::kNone) co_return result.status;
    if (absl::IsCancelled(result.status)) co_return result.status;
    const bool accepted = result.effect == WriteEffect::kAccepted;
    if (!waits) waits.emplace(gateway, call, accepted);
    absl::StatusOr<GroupPtr> read = co_await gateway.amplitude.Get(call, id);
    if (absl::IsCancelled(read.status())) co_return read;
    if (read.ok()) call.group_after = *read;
    const Sight sight = goal.judge(read, accepted);
    if (sight == Sight::kDone) {
      call.write_accepted = true;
      call.group_after = goal.answer ? goal.answer(read) : *std::move(read);
      co_return call.group_after;
    }
    if (sight == Sight::kOther) co_return ConcurrentChange(id);

    WaitEnd end = WaitEnd::kOver;
    if (sight == Sight::kAsBefore && !accepted && goal.send) {
      end = co_await repeats.Next(result.status);
    }
    if (end == WaitEnd::kElapsed) {
      result = co_await goal.send();
      waits.reset();
      continue;
    }
    if (end == WaitEnd::kOver) end = co_await waits->Next(read.status());
    if (end == WaitEnd::kCancelled) co_return absl::CancelledError();
    if (end == WaitEnd::kOver) co_return Unsettled(result, sight, read);
  }
}

absl::Status WriteNotYetVisible(absl::string_view why) {
  return amplitude::MakeError(
      absl::StatusCode::kUnknown, v1::ERROR_REASON_WRITE_NOT_YET_VISIBLE,
      absl::StrCat("Amplitude accepted the write, but it is not visible yet: ", why),
      {{"accepted_by_amplitude", "true"}});
}

absl::Status WriteOutcomeUnknown(absl::string_view why, const absl::Status& write) {
  absl::Status status = amplitude::MakeError(
      absl::StatusCode::kUnknown, v1::ERROR_REASON_WRITE_OUTCOME_UNKNOWN,
      absl::StrCat("the write was sent and its reply was lost (", write.message(), "), and ", why));
  CopyHttpStatus(write, status);
  return status;
}

void CopyHttpStatus(const absl::Status& source, absl::Status& status) {
  const std::optional<std::string> http_status = amplitude::MetadataOf(source, "http_status");
  if (http_status) amplitude::SetMetadata(status, "http_status", *http_status);
}

VisibilityWaits::VisibilityWaits(Gateway& gateway, const amplitude::Call& call, bool accepted)
    : clock_(gateway.clock),
      deadline_(call.deadline),
      accepted_(accepted),
      read_begun_(clock_.MonotonicNow()),
      until_(read_begun_ + absl::ToChronoNanoseconds(gateway.options.write_visibility_timeout)),
      wait_(kFirstVisibilityWait) {}

asio::awaitable<WaitEnd> VisibilityWaits::Next(const absl::Status& last_read) {
  const amplitude::MonotonicTime now = clock_.MonotonicNow();
  absl::Duration left = absl::FromChrono(until_ - now);
  if (!accepted_) {
    // The next read may well take as long as this one.
    const absl::Duration reserve =
        std::max(kAnswerReserve, 2 * absl::FromChrono(now - read_begun_));
    left = std::min(left, absl::FromChrono(deadline_ - now) - reserve);
  }
  const absl::Duration asked_for =
      amplitude::RetryDelayOf(last_read).value_or(absl::ZeroDuration());
  if (!NextMayShow(last_read) || left <= absl::ZeroDuration() || asked_for > left) {
    co_return WaitEnd::kOver;
  }
  const absl::Duration wait = std::max(std::min(wait_, left), asked_for);
  wait_ *= 2;
  const bool elapsed = co_await clock_.Sleep(wait);
  read_begun_ = clock_.MonotonicNow();
  co_return elapsed ? WaitEnd::kElapsed : WaitEnd::kCancelled;
}

WriteRepeats::WriteRepeats(Gateway& gateway, const amplitude::Call& call)
    : clock_(gateway.clock), call_(call), backoff_(gateway.random) {}

asio::awaitable<WaitEnd> WriteRepeats::Next(const absl::Status& last) {
  if (attempts_ == kMaxWriteAttempts) co_return WaitEnd::kOver;
  const absl::Duration wait =
      std::max(backoff_.Next(), amplitude::RetryDelayOf(last).value_or(absl::ZeroDuration()));
  const absl::Duration left = absl::FromChrono(call_.deadline - clock_.MonotonicNow());
  if (left < wait + kLeastWriteTime) co_return WaitEnd::kOver;
  ++attempts_;
  const bool elapsed = co_await clock_.Sleep(wait);
  co_return elapsed ? WaitEnd::kElapsed : WaitEnd::kCancelled;
}

absl::Status CheckWrittenGroupSize(const Gateway& gateway, const amplitude::Call& call,
                                   const v1::MutexGroup& group) {
  absl::Status size = CheckGroupSize(group, gateway.options.max_reply_bytes);
  if (!size.ok() && call.write_accepted) {
    amplitude::SetMetadata(size, "accepted_by_amplitude", "true");
  }
  return size;
}

}  // namespace mutexd::groups
