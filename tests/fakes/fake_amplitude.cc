#include "tests/fakes/fake_amplitude.h"

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/amplitude/error.h"
#include "service/amplitude/etag.h"

namespace mutexd::fakes {
namespace {

using amplitude::WriteEffect;
using amplitude::WriteResult;

asio::awaitable<bool> WasCancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

asio::awaitable<void> TurnOfTheLoop() {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

void CopyWithEtag(const v1::MutexGroup& from, v1::MutexGroup& to) {
  to = from;
  to.set_etag(amplitude::Etag(to));
}

absl::Status Unreadable(absl::string_view reason) {
  return amplitude::MakeError(absl::StatusCode::kInternal,
                              v1::ERROR_REASON_MALFORMED_AMPLITUDE_REPLY, reason);
}

}  // namespace

absl::Status AnsweredWith(Operation operation, int http_status, absl::string_view text) {
  amplitude::Asked asked;
  asked.operation = operation;
  asked.upstream = "host of a test";
  asked.group_id = "1";
  return amplitude::JudgeAnswer(asked, {.status = http_status, .text = std::string(text)}).status;
}

absl::Status ConnectionLost() {
  return amplitude::JudgeFailure({}, {http::HttpFailureKind::kConnectionLost, true, 0, "reset"})
      .status;
}

v1::MutexGroup* FakeAmplitude::Find(absl::string_view id) {
  const auto found = std::find_if(groups.begin(), groups.end(), [id](const v1::MutexGroup& group) {
    return absl::string_view(group.id()) == id;
  });
  return found == groups.end() ? nullptr : &*found;
}

std::size_t FakeAmplitude::Count(Operation operation) const {
  return static_cast<std::size_t>(std::count_if(
      requests.begin(), requests.end(),
      [operation](const SeenRequest& request) { return request.operation == operation; }));
}

std::size_t FakeAmplitude::CountWrites() const {
  return requests.size() - Count(Operation::kList) - Count(Operation::kGet);
}

std::vector<int> FakeAmplitude::ReadTimes(std::size_t from) const {
  std::vector<int> times;
  std::optional<amplitude::MonotonicTime> first;
  for (std::size_t i = from; i < requests.size(); ++i) {
    if (amplitude::IsWrite(requests[i].operation)) continue;
    if (!first) first = requests[i].time;
    times.push_back(static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(requests[i].time - *first).count()));
  }
  return times;
}

asio::awaitable<void> FakeAmplitude::HangUntilCancelled() {
  ++hanging_;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer never(executor, asio::steady_timer::time_point::max());
  asio::error_code ignored;
  co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  --hanging_;
}

asio::awaitable<absl::Status> FakeAmplitude::BeginRead(SeenRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (co_await WasCancelled()) co_return absl::CancelledError();
  request.time = clock_.MonotonicNow();
  requests.push_back(request);
  if (on_request) on_request(request);
  ReadScript script;
  if (!reads_.empty()) {
    script = std::move(reads_.front());
    reads_.pop_front();
  }
  if (script.hang) {
    co_await HangUntilCancelled();
    co_return absl::CancelledError();
  }
  co_await TurnOfTheLoop();
  while (!pending_.empty() && pending_.front().reads_left == 0) {
    pending_.front().apply();
    pending_.pop_front();
  }
  if (!pending_.empty()) --pending_.front().reads_left;
  if (!script.status.ok()) co_return script.status;
  co_return fail_reads;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const amplitude::FetchedPage>>> FakeAmplitude::List(
    amplitude::Call&, amplitude::ListQuery query) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const absl::Time read_time = clock_.Now();
  const amplitude::MonotonicTime asked_at = clock_.MonotonicNow();
  SeenRequest request;
  request.query = query;
  const absl::Status begun = co_await BeginRead(std::move(request));
  if (!begun.ok()) co_return begun;

  auto page = std::make_shared<amplitude::FetchedPage>();
  page->read_time = read_time;
  page->asked_at = asked_at;
  page->limit = std::min(query.limit, served_limit);
  std::size_t offset = 0;
  // A cursor that change_cursor made is not read; such tests do not go on from it.
  if (!query.cursor.empty() && !absl::SimpleAtoi(query.cursor, &offset)) offset = groups.size();
  const std::size_t end =
      ignores_limit ? groups.size() : std::min(groups.size(), offset + page->limit);
  for (std::size_t i = offset; i < end; ++i) {
    amplitude::ListEntry entry;
    const auto spoilt = unreadable.find(groups[i].id());
    if (spoilt != unreadable.end()) {
      auto* named = google::protobuf::Arena::CreateMessage<v1::UnreadableMutexGroup>(&page->arena);
      named->set_mutex_group_id(groups[i].id());
      named->set_reason(spoilt->second);
      entry.unreadable = named;
      entry.bytes = named->ByteSizeLong();
    } else {
      auto* group = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&page->arena);
      CopyWithEtag(groups[i], *group);
      entry.group = group;
      entry.bytes = group->ByteSizeLong();
    }
    page->entries.push_back(entry);
  }
  const bool more = end < groups.size() || (cursor_on_last_page && end > offset);
  if (more) page->next_cursor = absl::StrCat(end);
  if (change_cursor) page->next_cursor = change_cursor(page->next_cursor);
  co_return page;
}

asio::awaitable<absl::StatusOr<std::shared_ptr<const amplitude::FetchedGroup>>> FakeAmplitude::Get(
    amplitude::Call&, std::string id) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const absl::Time read_time = clock_.Now();
  const amplitude::MonotonicTime asked_at = clock_.MonotonicNow();
  SeenRequest request;
  request.operation = Operation::kGet;
  request.id = id;
  const absl::Status begun = co_await BeginRead(std::move(request));
  if (!begun.ok()) co_return begun;

  const v1::MutexGroup* group = Find(id);
  const bool hidden = group != nullptr && hides_archived_from_get &&
                      group->state() == v1::MutexGroup::STATE_ARCHIVED;
  if (group == nullptr || hidden) co_return AnsweredWith(Operation::kGet, 404);
  const auto spoilt = unreadable.find(id);
  if (spoilt != unreadable.end()) co_return Unreadable(spoilt->second);
  auto fetched = std::make_shared<amplitude::FetchedGroup>();
  auto* copy = google::protobuf::Arena::CreateMessage<v1::MutexGroup>(&fetched->arena);
  CopyWithEtag(*group, *copy);
  fetched->group = copy;
  fetched->read_time = read_time;
  fetched->asked_at = asked_at;
  co_return fetched;
}

asio::awaitable<WriteResult> FakeAmplitude::PerformWrite(amplitude::Call& call, SeenRequest request,
                                                         std::function<void()> apply,
                                                         absl::Status refusal) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (co_await WasCancelled()) co_return WriteResult{WriteEffect::kNone, absl::CancelledError()};
  request.time = clock_.MonotonicNow();
  requests.push_back(request);
  if (on_request) on_request(request);
  call.write_sent = true;
  Write script;
  script.status = std::move(refusal);
  script.applied = script.status.ok();
  if (!writes_.empty()) {
    script = std::move(writes_.front());
    writes_.pop_front();
  }
  if (script.hang) {
    co_await HangUntilCancelled();
    co_return WriteResult{WriteEffect::kUnknown, absl::CancelledError()};
  }
  co_await TurnOfTheLoop();
  const bool takes_effect = script.applied && (script.status.ok() || script.lost);
  if (takes_effect && script.visible_after == 0) {
    apply();
  } else if (takes_effect) {
    pending_.push_back({script.visible_after, std::move(apply)});
  }
  if (script.status.ok()) {
    call.write_accepted = true;
    co_return WriteResult{WriteEffect::kAccepted, absl::OkStatus()};
  }
  co_return WriteResult{script.lost ? WriteEffect::kUnknown : WriteEffect::kNone, script.status};
}

asio::awaitable<WriteResult> FakeAmplitude::Edit(amplitude::Call& call, std::string id,
                                                 amplitude::GroupEdit edit) {
  SeenRequest request;
  request.operation = Operation::kEdit;
  request.id = id;
  request.edit = edit;
  absl::Status refusal;
  if (Find(id) == nullptr) refusal = AnsweredWith(Operation::kEdit, 404);
  auto apply = [this, id, edit] {
    v1::MutexGroup* group = Find(id);
    if (group == nullptr) return;
    if (edit.archive) {
      group->set_state(*edit.archive ? v1::MutexGroup::STATE_ARCHIVED
                                     : v1::MutexGroup::STATE_ACTIVE);
      if (*edit.archive) return;
    }
    if (edit.name) group->set_name(*edit.name);
    if (edit.description) group->set_description(*edit.description);
  };
  co_return co_await PerformWrite(call, std::move(request), std::move(apply), std::move(refusal));
}

asio::awaitable<WriteResult> FakeAmplitude::EditSlot(amplitude::Call& call, std::string id,
                                                     int path_index, amplitude::SlotEdit edit) {
  SeenRequest request;
  request.operation = Operation::kEditSlot;
  request.id = id;
  request.path_index = path_index;
  request.slot_edit = edit;
  const int slot_at = path_index - slot_index_base;
  const v1::MutexGroup* addressed = Find(id);
  absl::Status refusal;
  if (addressed == nullptr || slot_at < 0 || slot_at >= addressed->slots_size()) {
    refusal = AnsweredWith(Operation::kEditSlot, 404);
  }
  auto apply = [this, id, slot_at, edit] {
    v1::MutexGroup* group = Find(id);
    if (group == nullptr) return;
    v1::Slot* slot = group->mutable_slots(slot_at);
    if (edit.experiment_ids) {
      slot->mutable_experiment_ids()->Assign(edit.experiment_ids->begin(),
                                             edit.experiment_ids->end());
    }
    if (edit.holdout_ids) {
      slot->mutable_holdout_ids()->Assign(edit.holdout_ids->begin(), edit.holdout_ids->end());
    }
    if (edit.individuals) {
      slot->mutable_individuals()->Assign(edit.individuals->begin(), edit.individuals->end());
    }
  };
  co_return co_await PerformWrite(call, std::move(request), std::move(apply), std::move(refusal));
}

asio::awaitable<amplitude::CreateResult> FakeAmplitude::Create(amplitude::Call& call,
                                                               const v1::MutexGroup& group) {
  SeenRequest request;
  request.operation = Operation::kCreate;
  request.created = group;
  const bool taken =
      std::any_of(groups.begin(), groups.end(),
                  [&group](const v1::MutexGroup& other) { return other.key() == group.key(); });
  absl::Status refusal;
  if (taken) refusal = AnsweredWith(Operation::kCreate, 409);
  const std::string id = absl::StrCat(next_id_++);
  v1::MutexGroup made = group;
  made.set_id(id);
  made.set_state(v1::MutexGroup::STATE_ACTIVE);
  auto apply = [this, made] { groups.push_back(made); };
  const WriteResult result =
      co_await PerformWrite(call, std::move(request), std::move(apply), std::move(refusal));
  amplitude::CreateResult created;
  created.effect = result.effect;
  created.status = result.status;
  if (!created.status.ok()) co_return created;
  if (std::exchange(next_create_reply_is_unreadable, false)) {
    created.status = Unreadable("Amplitude's reply cannot be used: id: missing");
    co_return created;
  }
  created.id = id;
  created.url = absl::StrCat("http://amplitude.test/groups/", id);
  co_return created;
}

}  // namespace mutexd::fakes
