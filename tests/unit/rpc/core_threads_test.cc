// The whole core without gRPC, from CallRunner to sockets, driven from several threads as gRPC's
// do. Worth most under ThreadSanitizer.

#include <gtest/gtest.h>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mutexgroups/v1/mutex_group_service.pb.h"
#include "service/amplitude/amplitude_client.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/key_source.h"
#include "service/groups/gateway.h"
#include "service/http/curl_transport.h"
#include "service/rpc/call_runner.h"
#include "service/rpc/shared_loop.h"
#include "tests/fakes/scripted_server.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

constexpr int kGroups = 20;
constexpr int kCallers = 4;
constexpr int kCallsOfEach = 200;

// Serves groups "1", "2", … whose names can be changed. Every tenth connection is cut in the middle
// of a reply.
class Upstream {
 public:
  std::string Url() const { return server_.Url(""); }

 private:
  std::string GroupJson(int id) {
    const auto name = names_.find(id);
    return absl::StrCat(R"({"id":)", id, R"(,"projectId":1,"key":"group-)", id, R"(","name":")",
                        name == names_.end() ? "a group" : name->second, R"(","description":")",
                        std::string(5000, 'd'),
                        R"(","slots":[{"index":1,"percentage":100,"experiments":[1,2,3]}]})");
  }

  std::string Answer(const fakes::ReceivedRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    absl::string_view target = request.target;
    if (!absl::ConsumePrefix(&target, "/api/1/mutexes")) return fakes::Response(404, "");
    int id = 0;
    if (!absl::ConsumePrefix(&target, "/") || !absl::SimpleAtoi(target, &id)) return ListAnswer();
    if (id < 1 || id > kGroups) return fakes::Response(404, "");
    if (request.method == "GET") return fakes::Response(200, GroupJson(id));
    // The one field that the test sends.
    absl::string_view body = request.body;
    if (!absl::ConsumePrefix(&body, R"({"name":")") || !absl::ConsumeSuffix(&body, "\"}")) {
      return fakes::Response(400, "");
    }
    names_[id] = std::string(body);
    return fakes::Response(200, "OK");
  }

  // Over the 64 KiB that the event loop decodes by itself.
  std::string ListAnswer() {
    std::string body = R"({"mutexes":[)";
    for (int id = 1; id <= kGroups; ++id) {
      absl::StrAppend(&body, id == 1 ? "" : ",", GroupJson(id));
    }
    return fakes::Response(200, body + R"(],"nextCursor":null})");
  }

  void Serve(fakes::Peer& peer) {
    const bool breaks = peer.connection() % 10 == 9;
    while (const auto request = peer.ReadRequest()) {
      const std::string answer = Answer(*request);
      if (breaks) {
        peer.Write(answer.substr(0, answer.size() / 2));
        peer.Reset();
        return;
      }
      if (!peer.Write(answer)) return;
    }
  }

  std::mutex mutex_;
  std::map<int, std::string> names_;
  fakes::ScriptedServer server_{[this](fakes::Peer& peer) { Serve(peer); }};
};

class NoUpstreamObserver final : public amplitude::UpstreamObserver {
 public:
  void OnRequestStarted(const amplitude::Call&, amplitude::Operation) override {}
  void OnRequestFinished(const amplitude::Call&, const amplitude::FinishedRequest&) override {}
  void OnFieldsOfWrongKind(amplitude::Operation, absl::string_view, int) override {}
};

class CountingObserver final : public RpcObserver {
 public:
  void OnRpcStarted(absl::string_view) override { ++started; }
  void OnRpcFinished(const RpcReport&) override { ++finished; }
  int started = 0;
  int finished = 0;
};

// What the callers' threads share: how often each call was finished.
class Tally {
 public:
  explicit Tally(int calls) : finished_(calls) {}

  void Finish(int call, const Outcome& outcome) {
    finished_[call].fetch_add(1);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (outcome.reply) {
      ++replies_;
      bytes_ += outcome.reply.size();
    } else {
      ++codes_[outcome.status.code()];
    }
    ++total_;
    changed_.notify_all();
  }

  void WaitForAll() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return total_ == static_cast<int>(finished_.size()); });
  }

  int times(int call) const { return finished_[call].load(); }
  int replies() const { return replies_; }
  int errors(absl::StatusCode code) const {
    const auto found = codes_.find(static_cast<int>(code));
    return found == codes_.end() ? 0 : found->second;
  }

 private:
  std::vector<std::atomic<int>> finished_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int total_ = 0;
  int replies_ = 0;
  std::size_t bytes_ = 0;
  std::map<int, int> codes_;
};

IncomingCall CallTo(const RpcMethod& method, std::shared_ptr<google::protobuf::Message> request) {
  return {.method = &method, .request = std::move(request), .time_left = absl::Seconds(60)};
}

// Reads and writes in turn; methods stand in the order of the service's definition.
IncomingCall NthCall(int n) {
  const std::string id = absl::StrCat(n % kGroups + 1);
  switch (n % 4) {
    case 0:
      return CallTo(Methods()[0], std::make_shared<v1::ListMutexGroupsRequest>());
    case 1: {
      auto request = std::make_shared<v1::GetMutexGroupRequest>();
      request->set_mutex_group_id(id);
      return CallTo(Methods()[1], std::move(request));
    }
    case 2: {
      auto request = std::make_shared<v1::BatchGetMutexGroupsRequest>();
      for (int i = 1; i <= 5; ++i) request->add_mutex_group_ids(absl::StrCat(i));
      request->add_mutex_group_ids("404");
      return CallTo(Methods()[2], std::move(request));
    }
    default: {
      auto request = std::make_shared<v1::UpdateMutexGroupRequest>();
      request->mutable_mutex_group()->set_id(absl::StrCat(n % 3 + 1));  // some must wait
      request->mutable_mutex_group()->set_name(absl::StrCat("name ", n));
      return CallTo(Methods()[4], std::move(request));
    }
  }
}

TEST(CoreThreads, EveryCallFromEveryThreadIsFinishedOnce) {
  std::signal(SIGPIPE, SIG_IGN);
  Upstream upstream;
  SharedLoop loop;
  asio::thread_pool workers(2);
  amplitude::LoopClock clock(loop.executor());
  NoUpstreamObserver upstream_observer;
  amplitude::FixedKey key("ampex_of_a_test");
  auto transport =
      std::make_unique<http::CurlTransport>(loop.executor(), http::CurlTransportOptions{});
  amplitude::AmplitudeClientOptions options;
  options.upstream = amplitude::UpstreamAt(upstream.Url());
  amplitude::AmplitudeClient client(*transport, clock, key, workers, upstream_observer, options);
  groups::Gateway gateway{client, clock, {.write_visibility_timeout = absl::Milliseconds(200)}};
  CountingObserver observer;
  auto runner =
      std::make_unique<CallRunner>(loop.executor(), gateway, &observer, CallRunner::Options{});

  std::thread loop_thread([&loop] { loop.Run(); });
  Tally tally(kCallers * kCallsOfEach);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&runner, &tally, caller] {
      std::mt19937 random(caller);  // NOLINT: the same calls each time
      std::vector<std::shared_ptr<RunningCall>> running;
      for (int i = 0; i < kCallsOfEach; ++i) {
        const int number = caller * kCallsOfEach + i;
        running.push_back(runner->Start(NthCall(number), [&tally, number](const Outcome& outcome) {
          tally.Finish(number, outcome);
        }));
        // A third of the calls are cancelled: at once, or some calls later.
        if (random() % 6 == 0) runner->CancelByClient(running.back());
        if (random() % 6 == 0) runner->CancelByClient(running[random() % running.size()]);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  tally.WaitForAll();

  // The state of the gateway belongs to the loop.
  std::size_t left = 1;
  asio::post(loop.executor(), [&] {
    left = runner->calls_under_way();
    transport.reset();
    loop.Stop();
  });
  loop_thread.join();
  workers.join();
  EXPECT_EQ(left, 0u);
  for (int i = 0; i < kCallers * kCallsOfEach; ++i) EXPECT_EQ(tally.times(i), 1) << i;
  EXPECT_EQ(observer.started, kCallers * kCallsOfEach);
  EXPECT_EQ(observer.finished, kCallers * kCallsOfEach);
  // All that shall happen did: replies, missing groups and cancelled calls.
  EXPECT_GT(tally.replies(), 100);
  EXPECT_GT(tally.errors(absl::StatusCode::kNotFound), 20);
  EXPECT_GT(tally.errors(absl::StatusCode::kCancelled), 100);
}

TEST(CoreThreads, ADrainEndsWhatThreadsKeepStarting) {
  std::signal(SIGPIPE, SIG_IGN);
  fakes::ScriptedServer silent([](fakes::Peer& peer) { peer.Hang(); });
  SharedLoop loop;
  asio::thread_pool workers(1);
  amplitude::LoopClock clock(loop.executor());
  NoUpstreamObserver upstream_observer;
  amplitude::FixedKey key("ampex_of_a_test");
  auto transport =
      std::make_unique<http::CurlTransport>(loop.executor(), http::CurlTransportOptions{});
  amplitude::AmplitudeClientOptions options;
  options.upstream = amplitude::UpstreamAt(silent.Url(""));
  amplitude::AmplitudeClient client(*transport, clock, key, workers, upstream_observer, options);
  groups::Gateway gateway{client, clock, {}};
  auto runner =
      std::make_unique<CallRunner>(loop.executor(), gateway, nullptr, CallRunner::Options{});

  std::thread loop_thread([&loop] { loop.Run(); });
  Tally tally(kCallers * kCallsOfEach);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < kCallsOfEach; ++i) {
        const int number = caller * kCallsOfEach + i;
        runner->Start(NthCall(number),
                      [&tally, number](const Outcome& outcome) { tally.Finish(number, outcome); });
        if (caller == 0 && i == kCallsOfEach / 2)
          asio::post(loop.executor(), [&] { runner->EndDrain(); });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  tally.WaitForAll();
  asio::post(loop.executor(), [&] {
    transport.reset();
    loop.Stop();
  });
  loop_thread.join();
  workers.join();
  for (int i = 0; i < kCallers * kCallsOfEach; ++i) EXPECT_EQ(tally.times(i), 1) << i;
  // Nothing was written: every write begins with a read that hangs.
  EXPECT_EQ(tally.errors(absl::StatusCode::kUnavailable), kCallers * kCallsOfEach);
}

}  // namespace
}  // namespace mutexd::rpc
