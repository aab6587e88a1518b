// What tests of the policies for reads start from: an Amplitude in memory that takes its time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/own_writes.h"
#include "service/amplitude/policy_observer.h"
#include "tests/fakes/error_matcher.h"
#include "tests/fakes/fake_amplitude.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::amplitude {

using absl::StatusCode;
using fakes::IsError;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using GroupAnswer = absl::StatusOr<std::shared_ptr<const FetchedGroup>>;
using PageAnswer = absl::StatusOr<std::shared_ptr<const FetchedPage>>;

// Reads show what `inner` holds when they are asked for, and answer `delay` later; with no delay at
// once.
class SlowReads final : public AmplitudeApi {
 public:
  SlowReads(AmplitudeApi& inner, Clock& clock) : inner_(inner), clock_(clock) {}

  absl::Duration delay;
  std::vector<Call> calls;               // those of the reads, as they came
  std::vector<MonotonicTime> deadlines;  // of those that ended, as they then were
  int answers_with_http_status = 0;

  asio::awaitable<PageAnswer> List(Call& call, ListQuery query) override {
    co_await asio::this_coro::throw_if_cancelled(false);
    calls.push_back(call);
    PageAnswer answer = co_await inner_.List(call, std::move(query));
    const bool answered = co_await Answered(call);
    if (!answered) co_return absl::CancelledError();
    co_return answer;
  }
  asio::awaitable<GroupAnswer> Get(Call& call, std::string id) override {
    co_await asio::this_coro::throw_if_cancelled(false);
    calls.push_back(call);
    GroupAnswer answer = co_await inner_.Get(call, std::move(id));
    const bool answered = co_await Answered(call);
    if (!answered) co_return absl::CancelledError();
    co_return answer;
  }
  asio::awaitable<WriteResult> Edit(Call& call, std::string id, GroupEdit edit) override {
    return inner_.Edit(call, std::move(id), std::move(edit));
  }
  asio::awaitable<WriteResult> EditSlot(Call& call, std::string id, int path_index,
                                        SlotEdit edit) override {
    return inner_.EditSlot(call, std::move(id), path_index, std::move(edit));
  }
  asio::awaitable<CreateResult> Create(Call& call, const v1::MutexGroup& group) override {
    return inner_.Create(call, group);
  }

 private:
  asio::awaitable<bool> Answered(Call& call) {
    if (delay > absl::ZeroDuration()) {
      const bool elapsed = co_await clock_.Sleep(delay);
      if (!elapsed) co_return false;
    }
    call.http_status = answers_with_http_status;
    deadlines.push_back(call.deadline);
    co_return true;
  }

  AmplitudeApi& inner_;
  Clock& clock_;
};

class NoKey final : public KeySource {
 public:
  absl::StatusOr<std::shared_ptr<const Credential>> CurrentKey() override {
    return absl::NotFoundError("no key");
  }
};

class RecordingPolicyObserver final : public PolicyObserver {
 public:
  int hits = 0;
  int misses = 0;
  int joined = 0;
  std::size_t bytes = 0;
  std::size_t entries = 0;

  void OnCacheLookup(Operation, bool hit) override { ++(hit ? hits : misses); }
  void OnCacheSize(std::size_t now_bytes, std::size_t now_entries) override {
    bytes = now_bytes;
    entries = now_entries;
  }
  void OnJoined(Operation) override { ++joined; }
};

inline std::shared_ptr<const Credential> KeyOfCaller(const std::string& key) {
  return std::make_shared<const Credential>(Credential{key, true});
}

// Members are destroyed with the loop last, as in the service: coroutines under way outlive what
// began them.
class ReadsTest : public ::testing::Test {
 protected:
  ReadsTest() {
    for (const char* id : {"7", "8", "9"}) AddGroup(id);
    call.rpc_id = "rpc-of-test";
    call.deadline = clock.MonotonicNow() + std::chrono::seconds(20);
  }

  void AddGroup(const std::string& id) {
    v1::MutexGroup group;
    group.set_id(id);
    group.set_key("group-" + id);
    group.set_name("Group " + id);
    amplitude.groups.push_back(std::move(group));
  }

  fakes::TestLoop loop;
  fakes::TestClock& clock = loop.clock();
  fakes::FakeAmplitude amplitude{clock};
  SlowReads slow{amplitude, clock};
  FixedKey keys{"key of the service"};
  OwnWrites own_writes;
  RecordingPolicyObserver observer;
  Call call;
};

}  // namespace mutexd::amplitude
