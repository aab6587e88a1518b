// An AmplitudeApi in memory: groups that reads and writes act on, and scripts for what goes wrong.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/status_table.h"

namespace mutexd::fakes {

namespace v1 = ::mutexgroups::v1;

using amplitude::Operation;

// The errors that AmplitudeClient gives for what Amplitude answers.
absl::Status AnsweredWith(Operation operation, int http_status, absl::string_view text = "");
absl::Status ConnectionLost();

// One request as it arrived.
struct SeenRequest {
  Operation operation = Operation::kList;
  std::string id;      // of get and the edits
  int path_index = 0;  // of a slot's edit
  amplitude::ListQuery query;
  amplitude::GroupEdit edit;
  amplitude::SlotEdit slot_edit;
  v1::MutexGroup created;
  amplitude::MonotonicTime time;
};

// Answers at once (but never without a turn of the loop) from `groups`, whose etags it keeps; like
// the client, it answers a call that has been cancelled with CANCELLED and sets what the call tells
// of its writes.
class FakeAmplitude final : public amplitude::AmplitudeApi {
 public:
  explicit FakeAmplitude(const amplitude::Clock& clock) : clock_(clock) {}

  // -- what Amplitude holds

  // In the order listed.
  std::vector<v1::MutexGroup> groups;

  // The group with this id, to look at or to change; null when there is none.
  v1::MutexGroup* Find(absl::string_view id);

  // -- how it behaves

  int slot_index_base = 1;               // what its paths call the first slot
  bool hides_archived_from_get = false;  // an archived group is a 404
  int served_limit = 1000;               // pages are no larger, whatever is asked for
  bool ignores_limit = false;            // all groups come on one page
  bool cursor_on_last_page = false;      // an empty page follows the last
  std::function<std::string(std::string)> change_cursor;  // of the cursors that it gives out
  std::map<std::string, std::string> unreadable;          // id to reason: on pages, and alone

  // What becomes of a write.
  struct Write {
    absl::Status status;    // what the caller hears; with OK the write was accepted
    bool lost = false;      // with an error: the effect is unknown to the caller
    bool applied = true;    // whether it takes effect
    int visible_after = 0;  // how many reads do not show it yet
    bool hang = false;      // no answer until the call is cancelled; the request was sent
  };

  // The next write, and the one after it, and so on; writes without a script succeed.
  void NextWrite(Write write) { writes_.push_back(std::move(write)); }

  // The next reads (of either kind), in turn; OK lets a read through.
  void NextRead(absl::Status status) { reads_.push_back({std::move(status), false}); }
  void NextReadHangs() { reads_.push_back({absl::OkStatus(), true}); }

  // All reads fail with this while it is not OK.
  absl::Status fail_reads;

  // What the next create answers in place of the id that it gave: a broken body.
  bool next_create_reply_is_unreadable = false;

  // Called as each request arrives, before anything else.
  std::function<void(const SeenRequest&)> on_request;

  // -- what it saw

  std::vector<SeenRequest> requests;

  // Requests of one kind.
  std::size_t Count(Operation operation) const;
  std::size_t CountWrites() const;

  // How many milliseconds after the first of them the reads since `from` came.
  std::vector<int> ReadTimes(std::size_t from = 0) const;

  int hanging() const { return hanging_; }

  // -- AmplitudeApi

  asio::awaitable<absl::StatusOr<std::shared_ptr<const amplitude::FetchedPage>>> List(
      amplitude::Call& call, amplitude::ListQuery query) override;
  asio::awaitable<absl::StatusOr<std::shared_ptr<const amplitude::FetchedGroup>>> Get(
      amplitude::Call& call, std::string id) override;
  asio::awaitable<amplitude::WriteResult> Edit(amplitude::Call& call, std::string id,
                                               amplitude::GroupEdit edit) override;
  asio::awaitable<amplitude::WriteResult> EditSlot(amplitude::Call& call, std::string id,
                                                   int path_index,
                                                   amplitude::SlotEdit edit) override;
  asio::awaitable<amplitude::CreateResult> Create(amplitude::Call& call,
                                                  const v1::MutexGroup& group) override;

 private:
  struct ReadScript {
    absl::Status status;
    bool hang = false;
  };
  struct Pending {
    int reads_left;
    std::function<void()> apply;
  };

  asio::awaitable<absl::Status> BeginRead(SeenRequest request);
  asio::awaitable<amplitude::WriteResult> PerformWrite(amplitude::Call& call, SeenRequest request,
                                                       std::function<void()> apply,
                                                       absl::Status refusal);
  asio::awaitable<void> HangUntilCancelled();

  const amplitude::Clock& clock_;
  std::deque<Write> writes_;
  std::deque<ReadScript> reads_;
  std::deque<Pending> pending_;
  int hanging_ = 0;
  int next_id_ = 9000;
};

}  // namespace mutexd::fakes
