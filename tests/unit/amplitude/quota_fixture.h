// What tests of the quota start from: an Amplitude that takes as long as it is told, and a clock
// moved by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/this_coro.hpp>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/amplitude/error.h"
#include "service/amplitude/quota_api.h"
#include "tests/fakes/error_matcher.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::amplitude {

// Writes down each request, and answers it after `takes`.
class SlowAmplitude final : public AmplitudeApi {
 public:
  explicit SlowAmplitude(Clock& clock) : clock_(clock) {}

  struct Seen {
    std::string name;  // the id of a read or write, or what else there is to name it
    MonotonicTime start;
    MonotonicTime end = MonotonicTime::max();
  };
  std::deque<Seen> seen;
  absl::Duration takes;
  absl::Status answer;               // of all requests
  int served_limit = kMaxListLimit;  // of pages

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Seen& request : seen) names.push_back(request.name);
    return names;
  }

  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> List(Call& call,
                                                                           ListQuery) override {
    const absl::Status status = co_await Answer("page of " + call.share);
    if (!status.ok()) co_return status;
    auto page = std::make_shared<FetchedPage>();
    page->limit = served_limit;
    co_return page;
  }
  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> Get(
      Call&, std::string id) override {
    const absl::Status status = co_await Answer(std::move(id));
    if (!status.ok()) co_return status;
    co_return std::make_shared<const FetchedGroup>();
  }
  std::shared_ptr<const FetchedGroup> Known(const Call&, const std::string&) override {
    return known;
  }
  asio::awaitable<WriteResult> Edit(Call&, std::string id, GroupEdit) override {
    co_return Written(co_await Answer(std::move(id)));
  }
  asio::awaitable<WriteResult> EditSlot(Call&, std::string id, int, SlotEdit) override {
    co_return Written(co_await Answer(std::move(id)));
  }
  asio::awaitable<CreateResult> Create(Call&, const v1::MutexGroup& group) override {
    CreateResult result;
    static_cast<WriteResult&>(result) = Written(co_await Answer(group.key()));
    co_return result;
  }

  std::shared_ptr<const FetchedGroup> known;

 private:
  static WriteResult Written(const absl::Status& status) {
    return {status.ok() ? WriteEffect::kAccepted : WriteEffect::kNone, status};
  }

  asio::awaitable<absl::Status> Answer(std::string name) {
    co_await asio::this_coro::throw_if_cancelled(false);
    seen.push_back({std::move(name), clock_.MonotonicNow()});
    Seen& request = seen.back();
    const absl::Status status = answer;
    const bool slept = co_await clock_.Sleep(takes);
    request.end = clock_.MonotonicNow();
    if (!slept) co_return absl::CancelledError();
    co_return status;
  }

  Clock& clock_;
};

class QuotaRecord final : public PolicyObserver {
 public:
  double left_of_second = -1;
  double left_of_day = -1;
  int refused_second = 0;
  int refused_day = 0;
  std::vector<absl::Duration> waits;
  std::size_t waiting = 0;

  void OnQuotaLeft(Budget budget, double requests) override {
    (budget == Budget::kSecond ? left_of_second : left_of_day) = requests;
  }
  void OnQuotaRefused(Budget budget) override {
    ++(budget == Budget::kSecond ? refused_second : refused_day);
  }
  void OnQuotaWaited(absl::Duration wait) override { waits.push_back(wait); }
  void OnQuotaQueue(std::size_t now_waiting) override { waiting = now_waiting; }
};

class QuotaTest : public ::testing::Test {
 protected:
  using GroupOr = absl::StatusOr<std::shared_ptr<const FetchedGroup>>;
  using Read = std::shared_ptr<fakes::Started<GroupOr>>;

  void Begin(QuotaOptions options) {
    api.reset();
    book.emplace(options, clock, observer);
    api.emplace(amplitude, keys, *book);
  }

  // A call with a deadline, which lives as long as the test.
  Call& NewCall(const std::string& share, int seconds_left = 20) {
    Call& call = calls_.emplace_back();
    call.share = share;
    call.deadline = clock.MonotonicNow() + std::chrono::seconds(seconds_left);
    return call;
  }

  Call& NewWrite(int requests_needed = 3) {
    Call& call = NewCall("writer");
    call.is_write = true;
    call.requests_needed = requests_needed;
    return call;
  }

  Read Get(Call& call, const std::string& id) { return loop.Start(api->Get(call, id)); }
  Read Get(const std::string& share, const std::string& id) { return Get(NewCall(share), id); }

  absl::Status GetNow(Call& call) { return loop.Run(api->Get(call, "7")).status(); }
  absl::Status ReadNow() { return GetNow(NewCall("a")); }
  absl::Status EditNow(Call& call) { return loop.Run(api->Edit(call, "7", {})).status; }

  void MakeReads(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(ReadNow().ok()) << i;
  }

  // Makes all that waits for time happen.
  void RunFor(absl::Duration duration) {
    const MonotonicTime end = clock.MonotonicNow() + absl::ToChronoNanoseconds(duration);
    while (clock.MonotonicNow() < end) loop.Advance(absl::Milliseconds(10));
  }

  static absl::Status RateLimited(absl::Duration wait) {
    absl::Status status = MakeError(absl::StatusCode::kResourceExhausted,
                                    v1::ERROR_REASON_AMPLITUDE_RATE_LIMITED, "429");
    SetRetryDelay(status, wait);
    return status;
  }

  // Amplitude answers one read in this way.
  void AnswerOneRead(absl::Status status) {
    amplitude.answer = std::move(status);
    EXPECT_FALSE(ReadNow().ok());
    amplitude.answer = absl::OkStatus();
  }

  fakes::TestLoop loop;
  fakes::TestClock& clock = loop.clock();
  SlowAmplitude amplitude{clock};
  FixedKey keys{"ampex_service"};
  QuotaRecord observer;
  std::optional<QuotaBook> book;
  std::optional<QuotaApi> api;

 private:
  std::deque<Call> calls_;
};

}  // namespace mutexd::amplitude
