#include "client/cpp/mutexctl/scan.h"

#include <ostream>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "client/cpp/mutexctl/safe_text.h"
#include "google/protobuf/util/time_util.h"

namespace mutexgroups::ctl {
namespace {

// The line on standard error; taken away when it goes out of scope.
class Progress {
 public:
  explicit Progress(Session& session) : session_(session) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (shown_) session_.err << "\r\x1b[K" << std::flush;
  }

  void Show(int pages, int groups) {
    if (!session_.terminal.err_is_terminal) return;
    session_.err << "\r\x1b[K"
                 << absl::StrCat("Reading: ", pages, pages == 1 ? " page, " : " pages, ", groups,
                                 groups == 1 ? " group" : " groups", " so far")
                 << std::flush;
    shown_ = true;
  }

 private:
  Session& session_;
  bool shown_ = false;
};

void Append(const v1::ListMutexGroupsResponse& page, std::unordered_set<std::string>& seen,
            v1::ListMutexGroupsResponse& all) {
  for (const auto& group : page.mutex_groups()) {
    if (seen.insert(group.id()).second) *all.add_mutex_groups() = group;
  }
  all.mutable_unreadable()->MergeFrom(page.unreadable());
  if (!page.has_read_time()) return;
  if (!all.has_read_time() || page.read_time() < all.read_time()) {
    *all.mutable_read_time() = page.read_time();
  }
}

void NoteUnreadable(Session& session, const v1::ListMutexGroupsResponse& all) {
  for (const auto& group : all.unreadable()) {
    const auto id = group.mutex_group_id().empty() ? "(no id)" : Escaped(group.mutex_group_id());
    session.err << absl::StrCat("warning: mutex group ", id,
                                " cannot be read: ", Escaped(group.reason()), "\n");
  }
}

Result<v1::ListMutexGroupsResponse> ReadPages(Session& session, Pages pages) {
  v1::ListMutexGroupsResponse all;
  std::unordered_set<std::string> seen;
  Progress progress(session);
  int count = 0;
  for (const auto& page : pages) {
    if (!page.ok()) return page.error();
    ++count;
    Append(*page, seen, all);
    if (!page->next_page_token().empty()) progress.Show(count, all.mutex_groups_size());
  }
  return all;
}

}  // namespace

Result<v1::ListMutexGroupsResponse> Scan(Session& session, const Client& client,
                                         const v1::ListMutexGroupsRequest& request) {
  auto all = ReadPages(session, client.List(request));
  if (all.ok()) NoteUnreadable(session, *all);
  return all;
}

}  // namespace mutexgroups::ctl
