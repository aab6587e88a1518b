// Walks through Amplitude's pages of groups, and stops where a cursor does not advance.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/amplitude_api.h"
#include "service/groups/gateway.h"

namespace mutexd::groups {

using PagePtr = std::shared_ptr<const amplitude::FetchedPage>;

// Where the listing goes on after `page`, which was read from `cursor`: the next cursor, or empty
// at the end. A cursor that does not advance ends the listing when the page is empty, and is
// INTERNAL/MALFORMED_AMPLITUDE_REPLY otherwise. A cursor is an offset: where both are numbers the
// next must be larger (the first page stands at 0), else it must differ.
absl::StatusOr<std::string> NextCursor(absl::string_view cursor,
                                       const amplitude::FetchedPage& page);

// The cursors of one listing. One that comes back to where the listing has been does not advance
// either: texts cannot be compared, and a circle of them would be walked until the deadline.
class CursorTrail {
 public:
  // As NextCursor.
  absl::StatusOr<std::string> Next(const std::string& cursor, const amplitude::FetchedPage& page);

 private:
  std::set<std::string> read_;
};

// One pass over all groups, archived ones included.
class Scan {
 public:
  Scan(Gateway& gateway, amplitude::Call& call) : gateway_(gateway), call_(call) {}

  bool done() const { return done_; }
  int pages_read() const { return pages_read_; }

  // The next page; must not be called when done(). A cursor that does not advance is an error only
  // of the page after it.
  asio::awaitable<absl::StatusOr<PagePtr>> Next();

 private:
  Gateway& gateway_;
  amplitude::Call& call_;
  std::string cursor_;
  CursorTrail trail_;
  int limit_ = amplitude::kMaxListLimit;
  int pages_read_ = 0;
  absl::Status cursor_status_;  // the error of the next page
  bool done_ = false;
};

// What a search for a key found.
struct KeySearch {
  std::shared_ptr<const amplitude::FetchedGroup> group;  // null when no readable group has the key
  int unreadable = 0;                                    // groups whose key could not be seen
};

// Searches for the group with `key`, archived ones included; stops where it is found.
asio::awaitable<absl::StatusOr<KeySearch>> FindByKey(Gateway& gateway, amplitude::Call& call,
                                                     std::string key);

}  // namespace mutexd::groups
