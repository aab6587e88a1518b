// What is asked of Amplitude's mutex-group endpoints and what they yield.
//
// Apart from AmplitudeApi so that the pure parts (codec, bodies, status table) need no coroutines.
#pragma once

#include <google/protobuf/arena.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/monotonic_time.h"
#include "service/amplitude/shared_bytes.h"

namespace mutexd::amplitude {

namespace v1 = ::mutexgroups::v1;

// Amplitude serves at most this many groups a page.
inline constexpr int kMaxListLimit = 1000;

// A group as Amplitude showed it, its etag included. Owns its arena; shared, and never
// changed but for `reply`.
struct FetchedGroup {
  google::protobuf::Arena arena;
  const v1::MutexGroup* group = nullptr;  // on the arena, never null
  absl::Time read_time;                   // when Amplitude was asked
  MonotonicTime asked_at;                 // the same moment, for its age

  // What callers get who ask for this group alone, serialized by the first of them on the event
  // loop; none before.
  mutable SharedBytes reply;
};

// One element of a page: exactly one of the two is set; both live on the page's arena.
struct ListEntry {
  const v1::MutexGroup* group = nullptr;
  const v1::UnreadableMutexGroup* unreadable = nullptr;

  // Its ByteSizeLong(), computed once for everyone who asks; the sizes of what is in it are cached.
  std::size_t bytes = 0;
};

// A page in Amplitude's order, archived groups included. Owns its arena; shared and never changed.
struct FetchedPage {
  // A thousand groups take some megabytes: fewer and larger blocks than an arena has by default.
  static constexpr std::size_t kMaxArenaBlockBytes = std::size_t{64} << 10;

  FetchedPage() : arena(MakeArenaOptions()) {}

  google::protobuf::Arena arena;
  std::vector<ListEntry> entries;
  std::string next_cursor;  // empty at the end
  int limit = 0;            // what Amplitude was asked for in the end: see AmplitudeApi::List
  absl::Time read_time;     // when Amplitude was asked
  MonotonicTime asked_at;   // the same moment, for its age

 private:
  static google::protobuf::ArenaOptions MakeArenaOptions() {
    google::protobuf::ArenaOptions options;
    options.max_block_size = kMaxArenaBlockBytes;
    return options;
  }
};

struct ListQuery {
  int limit = kMaxListLimit;  // 1 to kMaxListLimit
  std::string cursor;         // FetchedPage::next_cursor of the page before; empty for the first
};

// What an edit of a group names; an absent field is left alone. With archive = true Amplitude
// ignores the others.
struct GroupEdit {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<bool> archive;
};

// What an edit of a slot replaces: each list that is present, wholly; an empty one clears.
struct SlotEdit {
  std::optional<std::vector<std::int64_t>> experiment_ids;
  std::optional<std::vector<std::int64_t>> holdout_ids;
  std::optional<std::vector<std::string>> individuals;
};

// What is known of a write's effect once the request is over.
enum class WriteEffect {
  kAccepted,  // Amplitude answered 2xx
  kNone,      // certainly none: not sent, or refused
  kUnknown,   // sent, and the reply was lost or says nothing of it (5xx, 408, time-out)
};

struct WriteResult {
  WriteEffect effect = WriteEffect::kNone;

  // OK with kAccepted, but for a create whose reply cannot be read
  // (INTERNAL/MALFORMED_AMPLITUDE_REPLY); the error otherwise.
  absl::Status status;
};

struct CreateResult : WriteResult {
  // From the reply, with kAccepted and an OK status.
  std::string id;
  std::string url;  // may be empty
};

}  // namespace mutexd::amplitude
