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

// Waits for the turn of the group, reads it, and compares the etag if there is one.
asio::awaitable<absl::StatusOr<WriteTurn>> BeginWrite(Gateway& gateway, amplitude::Call& call,
                                                      std::string id, std::string etag);

// What a read after a write says of it.
enum class Sight {
  kDone,      // what was asked for is there
  kAsBefore,  // the group looks exactly as before the write
  kOther,     // neither
  kUnclear,   // the read failed, or says nothing of the write
};

// What a write is to bring about.
struct WriteGoal {
  // What `read`, made after the write, says; `accepted`: Amplitude has answered the write with 2xx.
  std::function<Sight(const absl::StatusOr<GroupPtr>& read, bool accepted)> judge;

  // The answer when it is done; absent: the group as read.
  std::function<GroupPtr(const absl::StatusOr<GroupPtr>& read)> answer;
};

// The goal of a write after which `holds` is true for the group; `before` is how it was.
WriteGoal GoalThat(GroupPtr before, std::function<bool(const v1::MutexGroup&)> holds);

// Reads the group until the write's fate is clear, for up to the visibility time-out.
//
// A write without effect gives its own error. An accepted write that does not show gives
// UNKNOWN/WRITE_NOT_YET_VISIBLE, and no failing read turns it into anything else. One whose reply
// was lost gives its own error, UNAVAILABLE, when the group looks as before, and
// UNKNOWN/WRITE_OUTCOME_UNKNOWN when reading cannot tell. A cancelled call gives CANCELLED. A write
// that is done counts as accepted (Call::write_accepted), whatever became of its reply.
asio::awaitable<absl::StatusOr<GroupPtr>> Settle(Gateway& gateway, amplitude::Call& call,
                                                 std::string id, amplitude::WriteResult result,
                                                 WriteGoal goal);

// UNKNOWN/WRITE_NOT_YET_VISIBLE and UNKNOWN/WRITE_OUTCOME_UNKNOWN. `why` ends the sentence; `write`
// is the error of the write, whose http_status is kept.
absl::Status WriteNotYetVisible(absl::string_view why);
absl::Status WriteOutcomeUnknown(absl::string_view why, const absl::Status& write);

// Gives `status` the http_status of `source`, where that has one.
void CopyHttpStatus(const absl::Status& source, absl::Status& status);

// The waits between reads that look for a write: 100 ms, doubling, until the visibility time-out.
class VisibilityWaits {
 public:
  enum class End {
    kElapsed,    // it is time for the next read
    kOver,       // no read is left
    kCancelled,  // the call was cancelled
  };

  explicit VisibilityWaits(Gateway& gateway);

  // Waits for the read after `last_read`, which did not show the write. There is none after a read
  // that failed in a way that the next will, too, or that asks to wait for longer than is left.
  asio::awaitable<End> Next(const absl::Status& last_read);

 private:
  amplitude::Clock& clock_;
  amplitude::MonotonicTime until_;
  absl::Duration wait_;
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
