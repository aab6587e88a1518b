// What tests of use cases start from: a gateway over an Amplitude in memory and a clock moved by
// hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/call.h"
#include "service/amplitude/error.h"
#include "service/amplitude/etag.h"
#include "service/groups/gateway.h"
#include "tests/fakes/error_matcher.h"
#include "tests/fakes/fake_amplitude.h"
#include "tests/fakes/parsed_reply.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::groups {

using absl::StatusCode;
using amplitude::Operation;
using fakes::AnsweredWith;
using fakes::ConnectionLost;
using fakes::IsError;
using fakes::Metadata;
using fakes::Parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RecordingObserver final : public GatewayObserver {
 public:
  struct WrongSlot {
    std::string rpc_id;
    v1::MutexGroup before;
    int asked_slot;
    int changed_slot;
  };
  std::vector<WrongSlot> wrong_slots;

  void OnWrongSlotChanged(absl::string_view rpc_id, const v1::MutexGroup& before, int asked_slot,
                          int changed_slot) override {
    wrong_slots.push_back({std::string(rpc_id), before, asked_slot, changed_slot});
  }
};

// A group "Group <id>" of project 1 with the key "group-<id>" and slots of these percentages.
inline v1::MutexGroup GroupWith(const std::string& id, const std::vector<int>& percentages) {
  v1::MutexGroup group;
  group.set_id(id);
  group.set_project_id(1);
  group.set_key("group-" + id);
  group.set_name("Group " + id);
  group.set_evaluation_mode(v1::EVALUATION_MODE_REMOTE);
  group.set_bucketing_key("amplitude_id");
  group.set_bucketing_salt("salt-" + id);
  for (const int percentage : percentages) {
    v1::Slot* slot = group.add_slots();
    slot->set_index(group.slots_size());
    slot->set_percentage(percentage);
  }
  return group;
}

class GroupsTest : public ::testing::Test {
 protected:
  GroupsTest() {
    call.rpc_id = "rpc-of-test";
    call.deadline = clock.MonotonicNow() + std::chrono::seconds(20);
    v1::MutexGroup group = GroupWith("7", {40, 30, 30});
    group.mutable_slots(0)->add_experiment_ids(11);
    group.mutable_slots(0)->add_holdout_ids(21);
    group.mutable_slots(0)->add_individuals("ada");
    group.mutable_slots(1)->add_experiment_ids(12);
    amplitude.groups.push_back(std::move(group));
  }

  template <typename T>
  T Run(asio::awaitable<T> coroutine) {
    return loop.Run(std::move(coroutine));
  }

  // The etag that the group has now.
  std::string EtagOf(const std::string& id) { return amplitude::Etag(*amplitude.Find(id)); }

  fakes::TestLoop loop;
  fakes::TestClock& clock = loop.clock();
  fakes::FakeAmplitude amplitude{clock};
  RecordingObserver observer;
  // Every back-off takes as long as it may.
  Gateway gateway{amplitude, clock, {}, &observer, [] { return 1.0; }};
  amplitude::Call call;
};

inline std::vector<std::int64_t> Experiments(const v1::Slot& slot) {
  return {slot.experiment_ids().begin(), slot.experiment_ids().end()};
}

}  // namespace mutexd::groups
