// What every write to a group has in common: its turn, the read before it, and the reads after it
// that tell what became of it.
#pragma once

#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/amplitude/amplitude_api.h"
#include "service/groups/gateway.h"
#include "service/groups/group_locks.h"
#include "service/groups/group_reply.h"

namespace mutexd::groups {

// A copy of `group` that `change` has changed, with the etag that it then has.
GroupPtr ChangedCopy(const FetchedGroup& group, const std::function<void(v1::MutexGroup&)>& change);

// OK when `etag` is empty or the group's own; ABORTED/ETAG_MISMATCH otherwise.
absl::Status CheckEtag(const std::string& etag, const v1::MutexGroup& group);

// The turn to write a group, and the group as it was when the turn came.
struct WriteTurn {
  GroupLock lock;
  GroupPtr before;
};

// Waits for the turn of the group, reads it, and checks that the caller may write it and that it
// has the etag, if there is one.
asio::awaitable<absl::StatusOr<WriteTurn>> BeginWrite(Gateway& gateway, amplitude::Call& call,
                                                      std::string id, std::string etag);

// What a read after a write says of it.
enum class Sight {
  kDone,      // what was asked for is there
  kAsBefore,  // the group looks exactly as before the write
  kOther,     // neither
  kUnclear,   // the read failed, or says nothing of the write
};

// A write, and what it is to bring about.
struct WriteGoal {
  // Makes the write, which must be one of absolute state; absent: it cannot be made again.
  std::function<asio::awaitable<amplitude::WriteResult>()> send;

  // What `read`, made after the write, says; `accepted`: Amplitude has answered the write with 2xx.
  std::function<Sight(const absl::StatusOr<GroupPtr>& read, bool accepted)> judge;

  // The answer when it is done; absent: the group as read.
  std::function<GroupPtr(const absl::StatusOr<GroupPtr>& read)> answer;
};

// The goal of a write after which `holds` is true for the group; `before` is how it was.
WriteGoal GoalThat(GroupPtr before, std::function<bool(const v1::MutexGroup&)> holds);

// Makes the write and settles it.
asio::awaitable<absl::StatusOr<GroupPtr>> Write(Gateway& gateway, amplitude::Call& call,
                                                std::string id, WriteGoal goal);

// Reads the group until the write's fate is clear, for up to the visibility time-out.
//
// A write without effect gives its own error. An accepted write that does not show gives
// UNKNOWN/WRITE_NOT_YET_VISIBLE, and no failing read turns it into anything else. One whose reply
// was lost is made again, after a back-off, when the group looks as before; at last it gives its
// own error, UNAVAILABLE, and UNKNOWN/WRITE_OUTCOME_UNKNOWN when reading cannot tell. A cancelled
// call gives CANCELLED. A write that is done counts as accepted (Call::write_accepted), whatever
// became of its reply.
asio::awaitable<absl::StatusOr<GroupPtr>> Settle(Gateway& gateway, amplitude::Call& call,
                                                 std::string id, amplitude::WriteResult result,
                                                 WriteGoal goal);

// UNKNOWN/WRITE_NOT_YET_VISIBLE and UNKNOWN/WRITE_OUTCOME_UNKNOWN. `why` ends the sentence; `write`
// is the error of the write, whose http_status is kept.
absl::Status WriteNotYetVisible(absl::string_view why);
absl::Status WriteOutcomeUnknown(absl::string_view why, const absl::Status& write);

// Gives `status` the http_status of `source`, where that has one.
void CopyHttpStatus(const absl::Status& source, absl::Status& status);

// How a wait ended.
enum class WaitEnd {
  kElapsed,    // it is time for what was waited for
  kOver,       // there is nothing left to wait for
  kCancelled,  // the call was cancelled
};

// The waits between reads that look for a write: 100 ms, doubling, until the visibility time-out.
// Where the write is not known to be accepted they end early enough for a read and the answer,
// which then says more than that the deadline has passed.
class VisibilityWaits {
 public:
  VisibilityWaits(Gateway& gateway, const amplitude::Call& call, bool accepted);

  // Waits for the read after `last_read`, which did not show the write. There is none after a read
  // that failed in a way that the next will, too, or that asks to wait for longer than is left.
  asio::awaitable<WaitEnd> Next(const absl::Status& last_read);

 private:
  amplitude::Clock& clock_;
  const amplitude::MonotonicTime deadline_;
  const bool accepted_;
  amplitude::MonotonicTime read_begun_;
  const amplitude::MonotonicTime until_;
  absl::Duration wait_;
};

// The waits before a write is made again: a back-off, for at most five attempts, and only where the
// next and the read after it find time before the deadline.
class WriteRepeats {
 public:
  WriteRepeats(Gateway& gateway, const amplitude::Call& call);

  // Waits for the attempt after one that ended with `last`; at least as long as that asks for.
  asio::awaitable<WaitEnd> Next(const absl::Status& last);

  int attempts() const { return attempts_; }

 private:
  amplitude::Clock& clock_;
  const amplitude::Call& call_;
  amplitude::Backoff backoff_;
  int attempts_ = 1;
};

// Checks the size of the reply to a write; one that is too large says that the write was made.
template <typename Response>
absl::StatusOr<std::shared_ptr<const Response>> WriteReply(const Gateway& gateway,
                                                           const amplitude::Call& call,
                                                           absl::StatusOr<GroupPtr> group);

// RESOURCE_EXHAUSTED/RESPONSE_TOO_LARGE for a group that does not fit into a reply, with metadata
// `accepted_by_amplitude` when the call has written.
absl::Status CheckWrittenGroupSize(const Gateway& gateway, const amplitude::Call& call,
                                   const v1::MutexGroup& group);

// -- implementation

template <typename Response>
absl::StatusOr<std::shared_ptr<const Response>> WriteReply(const Gateway& gateway,
                                                           const amplitude::Call& call,
                                                           absl::StatusOr<GroupPtr> group) {
  if (!group.ok()) return std::move(group).status();
  absl::Status size = CheckWrittenGroupSize(gateway, call, *(*group)->group);
  if (!size.ok()) return size;
  return ReplyWith<Response>(*std::move(group));
}

}  // namespace mutexd::groups
