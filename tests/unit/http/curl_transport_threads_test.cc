// The transport driven by other threads through its loop, as gRPC's threads do. Meant for
// ThreadSanitizer; elsewhere it shows that every request ends exactly once.
#include <gtest/gtest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/fakes/scripted_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace mutexd::http {
namespace {

using fakes::Peer;
using fakes::Response;
using fakes::ScriptedServer;

class CurlTransportThreadsTest : public TransportTest {
 protected:
  // One request as a thread sees it: started on the loop, cancelled on the loop.
  struct Call {
    asio::cancellation_signal cancel;
    std::atomic<int> ended = 0;
    std::atomic<bool> answered = false;
  };

  void PostSend(const std::shared_ptr<Call>& call, HttpRequest request) {
    asio::post(loop_, [this, call, request = std::move(request)]() mutable {
      asio::co_spawn(loop_, transport().Send(std::move(request)),
                     asio::bind_cancellation_slot(
                         call->cancel.slot(), [call](std::exception_ptr, const HttpResult& result) {
                           call->answered = std::holds_alternative<HttpResponse>(result);
                           call->ended.fetch_add(1);
                           call->ended.notify_all();
                         }));
    });
  }

  void PostCancel(const std::shared_ptr<Call>& call) {
    asio::post(loop_, [call] { call->cancel.emit(asio::cancellation_type::terminal); });
  }
};

TEST_F(CurlTransportThreadsTest, EveryRequestEndsOnce) {
  constexpr int kThreads = 4;
  constexpr int kCallsPerThread = 150;
  ScriptedServer server([](Peer& peer) {
    while (const auto request = peer.ReadRequest()) {
      if (request->target == "/hang") return peer.Hang();
      peer.Write(Response(200, "hello"));
    }
  });
  auto work = asio::make_work_guard(loop_);
  std::thread loop_thread([this] {
    loop_.run();
    transport_.reset();  // on the thread that it has lived on
  });
  std::atomic<int> answered = 0;
  std::atomic<int> ended_wrongly = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCallsPerThread; ++i) {
        const bool hangs = i % 3 == 0;
        HttpRequest request = i % 5 == 0 ? Post(server.Url("/post"), "{}") : Get(server.Url());
        if (hangs) request.url = server.Url("/hang");
        request.fresh_connection = i % 5 == 0;
        const auto call = std::make_shared<Call>();
        PostSend(call, std::move(request));
        if (hangs) PostCancel(call);
        call->ended.wait(0);
        if (call->answered) ++answered;
        if (call->ended != 1 || call->answered == hangs) ++ended_wrongly;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  work.reset();
  loop_thread.join();
  EXPECT_EQ(answered, kThreads * kCallsPerThread * 2 / 3);
  EXPECT_EQ(ended_wrongly, 0);
}

}  // namespace
}  // namespace mutexd::http
