#include "service/groups/scan.h"

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/amplitude/group_of_page.h"

namespace mutexd::groups {
namespace {

using amplitude::FetchedPage;

bool Advances(absl::string_view from, absl::string_view to) {
  std::uint64_t from_offset = 0;
  std::uint64_t to_offset = 0;
  const bool numbers =
      (from.empty() || absl::SimpleAtoi(from, &from_offset)) && absl::SimpleAtoi(to, &to_offset);
  return numbers ? to_offset > from_offset : to != from;
}

// What a cursor that leads nowhere new means.
absl::StatusOr<std::string> DoesNotAdvance(absl::string_view cursor, const FetchedPage& page) {
  if (page.entries.empty()) return std::string();
  return amplitude::MakeError(
      absl::StatusCode::kInternal, v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY,
      absl::StrCat("Amplitude's cursor does not advance: nextCursor is '", page.next_cursor,
                   "' on the page that was read from '", cursor, "'"));
}

}  // namespace

absl::StatusOr<std::string> NextCursor(absl::string_view cursor, const FetchedPage& page) {
  if (page.next_cursor.empty() || Advances(cursor, page.next_cursor)) return page.next_cursor;
  return DoesNotAdvance(cursor, page);
}

absl::StatusOr<std::string> CursorTrail::Next(const std::string& cursor, const FetchedPage& page) {
  read_.insert(cursor);
  if (!page.next_cursor.empty() && read_.contains(page.next_cursor)) {
    return DoesNotAdvance(cursor, page);
  }
  return NextCursor(cursor, page);
}

asio::awaitable<absl::StatusOr<PagePtr>> Scan::Next() {
  if (!cursor_status_.ok()) co_return cursor_status_;
  amplitude::ListQuery query{.limit = limit_, .cursor = cursor_};
  absl::StatusOr<PagePtr> page = co_await gateway_.amplitude.List(call_, std::move(query));
  if (!page.ok()) co_return page;
  ++pages_read_;
  absl::StatusOr<std::string> next = trail_.Next(cursor_, **page);
  cursor_status_ = next.status();
  cursor_ = std::move(next).value_or("");
  limit_ = (*page)->limit;  // smaller than asked for where pages are very large
  done_ = cursor_status_.ok() && cursor_.empty();
  if (done_) gateway_.pages_of_last_scan = pages_read_;
  co_return page;
}

asio::awaitable<absl::StatusOr<KeySearch>> FindByKey(Gateway& gateway, amplitude::Call& call,
                                                     std::string key) {
  Scan scan(gateway, call);
  KeySearch search;
  while (!scan.done()) {
    absl::StatusOr<PagePtr> page = co_await scan.Next();
    if (!page.ok()) co_return std::move(page).status();
    for (const amplitude::ListEntry& entry : (*page)->entries) {
      if (entry.unreadable != nullptr) {
        ++search.unreadable;
      } else if (entry.group->key() == key) {
        search.group = amplitude::GroupOfPage(*page, entry.group);
        co_return search;
      }
    }
  }
  co_return search;
}

}  // namespace mutexd::groups
