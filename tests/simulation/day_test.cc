// A day of a gateway, on a clock that a test moves: 200 callers, an outage, lost requests and
// replies, and Amplitude's limits. What must hold at its end is what people would be woken up by.
//
// MUTEXD_DAY_CALLS, from 0 to 1, is the share of the calls that are made: the whole day takes some
// minutes with sanitizers. With 1 the quota of the day is spent before its end, and the figures are
// those of docs/reliability.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/util/time_util.h"
#include "google/rpc/error_details.pb.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/amplitude_stack.h"
#include "service/groups/gateway.h"
#include "service/rpc/call_runner.h"
#include "tests/fakes/parsed_reply.h"
#include "tests/fakes/test_loop.h"
#include "tests/simulation/simulated_amplitude.h"

namespace mutexd::simulation {
namespace {

namespace v1 = ::mutexgroups::v1;

constexpr int kReaders = 140;      // read a group, 30 s old at most
constexpr int kListers = 20;       // list all groups, 30 s old at most
constexpr int kFreshReaders = 10;  // read a group as it is now
constexpr int kWriters = 29;       // each writes to a group of its own, and creates groups
constexpr int kGroups = 60;        // the writers' are among them
constexpr absl::Duration kStaleness = absl::Seconds(30);
constexpr absl::Duration kDay = absl::Hours(24);

double ShareOfCalls() {
  const char* text = std::getenv("MUTEXD_DAY_CALLS");
  double share = 0.02;
  if (text != nullptr && !absl::SimpleAtod(text, &share)) {
    ADD_FAILURE() << "MUTEXD_DAY_CALLS is no number: " << text;
  }
  return share;
}

// Counts the requests to Amplitude that were made for callers who allow older answers.
class RequestCounter final : public amplitude::UpstreamObserver {
 public:
  void OnRequestStarted(const amplitude::Call& call, amplitude::Operation) override {
    if (absl::StartsWith(call.share, "reader") || absl::StartsWith(call.share, "lister")) {
      ++for_stale_reads;
    }
  }
  void OnRequestFinished(const amplitude::Call&, const amplitude::FinishedRequest&) override {}
  void OnFieldsOfWrongKind(amplitude::Operation, absl::string_view, int) override {}

  std::int64_t for_stale_reads = 0;
};

class CountingObserver final : public amplitude::PolicyObserver {
 public:
  void OnCircuitChange(amplitude::CircuitState state, absl::Duration) override {
    if (state == amplitude::CircuitState::kOpen) ++opened;
  }
  void OnRetry(amplitude::Operation, absl::Duration) override { ++retries; }

  int opened = 0;
  int retries = 0;
};

// What callers saw.
struct Tally {
  std::int64_t calls = 0;
  std::map<std::string, std::int64_t> errors;  // by reason

  std::int64_t failed() const {
    std::int64_t sum = 0;
    for (const auto& [reason, count] : errors) sum += count;
    return sum;
  }
};

std::string ReasonIn(const google::rpc::Status& status) {
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "none";
}

class Day : public ::testing::Test {
 protected:
  Day() {
    for (int i = 0; i < kGroups; ++i) {
      sandbox::NewGroup group;
      group.project_id = 1;
      group.name = absl::StrCat("Group ", i);
      group.slots.resize(2);
      for (auto& slot : group.slots) slot.percentage = 50;
      const auto id = amplitude_.store().Create(std::move(group));
      EXPECT_TRUE(id.ok()) << id.status();
      ids_.push_back(absl::StrCat(id.value_or(0)));
    }
  }

  SimulatedAmplitude::Options AmplitudeOptions() const {
    SimulatedAmplitude::Options options;
    options.outage_begin = midnight_ + absl::Hours(10);
    return options;
  }

  amplitude::AmplitudeStackOptions StackOptions() {
    amplitude::AmplitudeStackOptions options;
    options.client.upstream = amplitude::UpstreamAt("https://amplitude.test");
    // Another thread takes time that this clock does not know.
    options.client.max_inline_decode_bytes = std::size_t{32} << 20;
    return options;
  }

  bool over() const { return clock_.Now() >= midnight_ + kDay; }

  // Waits for `mean` on average, longer where fewer calls are made.
  asio::awaitable<void> Pause(absl::Duration mean) {
    const double factor = std::exponential_distribution<double>(1)(random_);
    co_await clock_.Sleep(mean / share_of_calls_ * factor);
  }

  // One RPC, as gRPC would hand it over.
  template <typename Request>
  asio::awaitable<rpc::Outcome> Call(Tally& tally, const std::string& caller, const char* method,
                                     Request request) {
    const auto& methods = rpc::Methods();
    rpc::IncomingCall incoming;
    for (const rpc::RpcMethod& one : methods) {
      if (one.name == method) incoming.method = &one;
    }
    incoming.request = std::make_shared<Request>(std::move(request));
    incoming.time_left = absl::Seconds(10);
    incoming.peer = caller;
    asio::steady_timer done(loop_.loop(), asio::steady_timer::time_point::max());
    rpc::Outcome outcome;
    bool finished = false;
    runner_.Start(std::move(incoming), [&](rpc::Outcome result) {
      outcome = std::move(result);
      finished = true;
      done.cancel();
    });
    asio::error_code ignored;
    if (!finished) co_await done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    ++tally.calls;
    if (!outcome.reply) ++tally.errors[ReasonIn(outcome.status)];
    co_return outcome;
  }

  v1::GetMutexGroupRequest GetOf(const std::string& id, absl::Duration staleness) {
    v1::GetMutexGroupRequest request;
    request.set_mutex_group_id(id);
    *request.mutable_max_staleness() =
        google::protobuf::util::TimeUtil::SecondsToDuration(absl::ToInt64Seconds(staleness));
    return request;
  }

  const std::string& AnyGroup() {
    return ids_[std::uniform_int_distribution<std::size_t>(0, ids_.size() - 1)(random_)];
  }

  asio::awaitable<void> Reader(std::string name) {
    while (!over()) {
      co_await Pause(absl::Seconds(12));
      v1::GetMutexGroupRequest request = GetOf(AnyGroup(), kStaleness);
      const absl::Time asked = clock_.Now();
      const rpc::Outcome outcome =
          co_await Call(stale_reads_, name, "GetMutexGroup", std::move(request));
      if (!outcome.reply) continue;
      const auto reply = fakes::Parsed<v1::GetMutexGroupResponse>(outcome.reply);
      const absl::Time read = absl::FromUnixNanos(
          google::protobuf::util::TimeUtil::TimestampToNanoseconds(reply.read_time()));
      if (asked - read > kStaleness) ++too_old_;
    }
  }

  asio::awaitable<void> Lister(std::string name) {
    while (!over()) {
      co_await Pause(absl::Seconds(60));
      v1::ListMutexGroupsRequest request;
      request.set_page_size(1000);
      *request.mutable_max_staleness() =
          google::protobuf::util::TimeUtil::SecondsToDuration(absl::ToInt64Seconds(kStaleness));
      co_await Call(stale_reads_, name, "ListMutexGroups", std::move(request));
    }
  }

  asio::awaitable<void> FreshReader(std::string name) {
    while (!over()) {
      co_await Pause(absl::Seconds(60));
      v1::GetMutexGroupRequest request = GetOf(AnyGroup(), absl::ZeroDuration());
      co_await Call(fresh_reads_, name, "GetMutexGroup", std::move(request));
    }
  }

  // An eager client, from 20:00 on: 20 reads a second would be the whole quota in 83 minutes.
  asio::awaitable<void> EagerReader(std::string name) {
    co_await clock_.Sleep(absl::Hours(20));
    while (!over()) {
      co_await clock_.Sleep(absl::Milliseconds(50) / share_of_calls_);
      v1::GetMutexGroupRequest request = GetOf(AnyGroup(), absl::ZeroDuration());
      co_await Call(eager_reads_, name, "GetMutexGroup", std::move(request));
    }
  }

  // Three times a day 400 calls at once.
  asio::awaitable<void> Burst(std::string name, absl::Duration at) {
    co_await clock_.Sleep(at);
    const int calls = static_cast<int>(400 * share_of_calls_) + 1;
    for (int i = 0; i < calls; ++i) {
      auto one = [](Day* day, std::string caller) -> asio::awaitable<void> {
        v1::GetMutexGroupRequest request = day->GetOf(day->AnyGroup(), absl::ZeroDuration());
        co_await day->Call(day->burst_reads_, caller, "GetMutexGroup", std::move(request));
      };
      asio::co_spawn(loop_.loop(), one(this, name), asio::detached);
    }
  }

  // What a writer knows of its group.
  struct Written {
    std::string id;
    std::set<std::int64_t> added;     // experiments whose adding succeeded
    std::set<std::int64_t> doubtful;  // whose adding failed: there or not
    std::string description;          // of the last update that succeeded
    std::set<std::string> attempted;  // since then
  };

  asio::awaitable<void> Writer(std::string name, Written& written, int number) {
    int count = 0;
    while (!over()) {
      co_await Pause(absl::Minutes(10));
      ++count;
      const bool late = clock_.Now() >= midnight_ + absl::Hours(23);
      Tally& tally = late ? late_writes_ : writes_;
      const int kind = count % 5;
      if (kind == 0) {
        co_await CreateOne(tally, name, absl::StrCat("Made by ", number, " as ", count));
      } else if (kind < 3) {
        const std::int64_t experiment = number * 100'000 + count;
        v1::AddSlotMembersRequest request;
        request.set_mutex_group_id(written.id);
        request.set_slot_index(1 + count % 2);
        request.add_experiment_ids(experiment);
        const auto outcome = co_await Call(tally, name, "AddSlotMembers", std::move(request));
        (outcome.reply ? written.added : written.doubtful).insert(experiment);
      } else {
        const std::string text = absl::StrCat("version ", count);
        v1::UpdateMutexGroupRequest request;
        request.mutable_mutex_group()->set_id(written.id);
        request.mutable_mutex_group()->set_description(text);
        const auto outcome = co_await Call(tally, name, "UpdateMutexGroup", std::move(request));
        if (outcome.reply) {
          written.description = text;
          written.attempted.clear();
          co_await ReadOwnWrite(name, written);
        } else {
          written.attempted.insert(text);
        }
      }
    }
  }

  // Another caller that allows old answers must not see what was before the write.
  asio::awaitable<void> ReadOwnWrite(const std::string& name, const Written& written) {
    v1::GetMutexGroupRequest request = GetOf(written.id, kStaleness);
    const rpc::Outcome outcome =
        co_await Call(stale_reads_, name, "GetMutexGroup", std::move(request));
    if (!outcome.reply) co_return;
    const auto reply = fakes::Parsed<v1::GetMutexGroupResponse>(outcome.reply);
    if (reply.mutex_group().description() != written.description) ++older_than_own_write_;
  }

  // As a careful caller does: with a request id, and again where the error allows it.
  asio::awaitable<void> CreateOne(Tally& tally, const std::string& name, std::string group_name) {
    v1::CreateMutexGroupRequest request;
    request.mutable_mutex_group()->set_project_id(1);
    request.mutable_mutex_group()->set_name(group_name);
    request.mutable_mutex_group()->add_slots()->set_percentage(100);
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012d", ++creates_));
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto outcome = co_await Call(tally, name, "CreateMutexGroup", request);
      if (outcome.reply) {
        created_.insert(group_name);
        co_return;
      }
      co_await clock_.Sleep(absl::Seconds(20));
    }
    doubtful_creates_.insert(group_name);
  }

  void RunTheDay() {
    std::vector<asio::awaitable<void>> callers;
    for (int i = 0; i < kReaders; ++i) callers.push_back(Reader(absl::StrCat("reader ", i)));
    for (int i = 0; i < kListers; ++i) callers.push_back(Lister(absl::StrCat("lister ", i)));
    for (int i = 0; i < kFreshReaders; ++i) {
      callers.push_back(FreshReader(absl::StrCat("fresh reader ", i)));
    }
    callers.push_back(EagerReader("eager reader"));
    written_.resize(kWriters);
    for (int i = 0; i < kWriters; ++i) {
      written_[i].id = ids_[i];
      callers.push_back(Writer(absl::StrCat("writer ", i), written_[i], i));
    }
    for (const int hour : {4, 12, 18}) callers.push_back(Burst("burst", absl::Hours(hour)));
    for (auto& caller : callers) {
      asio::co_spawn(loop_.loop(), std::move(caller), asio::detached);
    }
    loop_.Poll();
    while (!over() || runner_.calls_under_way() > 0) {
      ASSERT_TRUE(clock_.AdvanceToNextSleeper());
      loop_.Poll();
    }
  }

  void ExpectNothingLostOrDoubled() {
    std::map<std::string, int> names;
    std::map<std::string, sandbox::StoredGroup> by_id;
    for (const sandbox::StoredGroup& group : amplitude_.store().All()) {
      ++names[group->name];
      by_id[absl::StrCat(group->id)] = group;
    }
    for (const std::string& name : created_) EXPECT_EQ(names[name], 1) << name;
    for (const std::string& name : doubtful_creates_) EXPECT_LE(names[name], 1) << name;
    for (const Written& written : written_) {
      const sandbox::MutexGroup& group = *by_id[written.id];
      std::multiset<std::int64_t> there;
      for (const auto& slot : group.slots) {
        there.insert(slot.experiments.begin(), slot.experiments.end());
      }
      for (const std::int64_t id : written.added) EXPECT_EQ(there.count(id), 1u) << id;
      for (const std::int64_t id : there) {
        EXPECT_TRUE(written.added.contains(id) || written.doubtful.contains(id)) << id;
      }
      const std::string description = group.description.value_or("");
      EXPECT_TRUE(description == written.description || written.attempted.contains(description))
          << description << " is not " << written.description;
    }
  }

  void Print(const char* what, const Tally& tally) {
    std::printf("  %-24s %9lld calls", what, static_cast<long long>(tally.calls));
    for (const auto& [reason, count] : tally.errors) {
      std::printf(", %lld %s", static_cast<long long>(count), reason.c_str());
    }
    std::printf("\n");
  }

  const double share_of_calls_ = ShareOfCalls();
  fakes::TestLoop loop_;
  fakes::TestClock& clock_ = loop_.clock();
  const absl::Time midnight_ =
      absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()) / 86400 * 86400 + 86400);
  std::mt19937_64 random_{42};
  asio::thread_pool workers_{1};
  RequestCounter upstream_observer_;
  CountingObserver policy_observer_;
  amplitude::FixedKey key_{"ampex_simulated"};
  SimulatedAmplitude amplitude_{clock_, AmplitudeOptions(), 7};
  amplitude::QuotaBook quota_{{}, clock_, policy_observer_};
  amplitude::AmplitudeStack stack_{
      {amplitude_, clock_, key_, workers_, upstream_observer_, policy_observer_, quota_,
       [this] { return std::uniform_real_distribution<double>(0, 1)(random_); }},
      StackOptions()};
  groups::Gateway gateway_{stack_.api(), clock_, {}, nullptr};
  rpc::CallRunner runner_{loop_.loop().get_executor(), gateway_, nullptr, {}};

  std::vector<std::string> ids_;
  std::vector<Written> written_;
  std::set<std::string> created_;
  std::set<std::string> doubtful_creates_;
  int creates_ = 0;
  Tally stale_reads_, fresh_reads_, eager_reads_, burst_reads_, writes_, late_writes_;
  int too_old_ = 0;
  int older_than_own_write_ = 0;
};

TEST_F(Day, NoWriteIsLostOrDoubledAndTheQuotaLastsForWritesUntilItsEnd) {
  clock_.Advance(midnight_ - clock_.Now());
  RunTheDay();

  ExpectNothingLostOrDoubled();
  EXPECT_EQ(too_old_, 0) << "answers were older than their callers allow";
  EXPECT_EQ(older_than_own_write_, 0) << "answers were older than the last own write";
  EXPECT_EQ(amplitude_.limited, 0) << "Amplitude had to refuse requests";
  EXPECT_LE(amplitude_.most_in_a_second, 100);
  EXPECT_LE(amplitude_.most_in_a_day, 100'000);
  EXPECT_GT(amplitude_.lost, 0) << "nothing went wrong, so that nothing was tested";
  EXPECT_GT(amplitude_.refused_in_outage, 0) << "nobody called in the outage";
  EXPECT_EQ(late_writes_.errors["QUOTA_PER_DAY"], 0) << "writes were not served until the end";
  EXPECT_EQ(writes_.errors["QUOTA_PER_DAY"], 0);
  EXPECT_GT(created_.size(), 0u);
  if (share_of_calls_ == 1) {
    EXPECT_GT(policy_observer_.opened, 0) << "the circuit never opened";
    EXPECT_GT(eager_reads_.errors["QUOTA_PER_DAY"], 0) << "there was quota enough for everybody";
    EXPECT_GT(late_writes_.calls, 0);
  }

  std::printf("A day of %.0f%% of the calls:\n", share_of_calls_ * 100);
  Print("reads, 30 s old", stale_reads_);
  Print("fresh reads", fresh_reads_);
  Print("an eager client's reads", eager_reads_);
  Print("reads in bursts", burst_reads_);
  Print("writes before 23:00", writes_);
  Print("writes after 23:00", late_writes_);
  std::printf("  requests to Amplitude    %9lld, %lld at most in a second, %lld answered 429\n",
              static_cast<long long>(amplitude_.requests),
              static_cast<long long>(amplitude_.most_in_a_second),
              static_cast<long long>(amplitude_.limited));
  std::printf("  requests or replies lost %9lld, %d retries, %lld attempts in the outage\n",
              static_cast<long long>(amplitude_.lost), policy_observer_.retries,
              static_cast<long long>(amplitude_.refused_in_outage));
  std::printf("  groups created           %9zu, %zu in doubt\n", created_.size(),
              doubtful_creates_.size());
  const std::int64_t answered = stale_reads_.calls - stale_reads_.failed();
  std::printf("  reads, 30 s old, answered without a request: %.2f%%\n",
              100 - 100 * static_cast<double>(upstream_observer_.for_stale_reads) /
                        static_cast<double>(answered));
}

}  // namespace
}  // namespace mutexd::simulation
