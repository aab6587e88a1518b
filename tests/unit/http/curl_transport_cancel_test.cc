// Cancellation in every phase of a request, and the end of the transport under requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>

#include <functional>

#include "absl/strings/str_cat.h"
#include "tests/fakes/loopback.h"
#include "tests/fakes/scripted_server.h"
#include "tests/unit/http/fake_resolver.h"
#include "tests/unit/http/transport_fixture.h"

namespace mutexd::http {
namespace {

using fakes::AnswerAll;
using fakes::Peer;
using fakes::Response;
using fakes::ScriptedServer;

class CurlTransportCancelTest : public TransportTest {
 protected:
  // Cancels `send` from the loop; may be called on any thread.
  void PostCancel(PendingSend& send,
                  asio::cancellation_type type = asio::cancellation_type::terminal) {
    asio::post(loop_, [&send, type] { send.cancel.emit(type); });
  }

  // Sends to a server that calls `cancel` when it has got to where the test wants to cancel.
  HttpFailure CancelledWhen(std::function<void(Peer&, const std::function<void()>& cancel)> script,
                            absl::string_view scheme = "http") {
    std::unique_ptr<PendingSend> send;
    ScriptedServer server([&](Peer& peer) { script(peer, [&] { PostCancel(*send); }); });
    send = Start(Get(absl::StrCat(scheme, "://127.0.0.1:", server.port())));
    RunLoop();
    return FailureOf(send->result);
  }
};

TEST_F(CurlTransportCancelTest, BeforeTheStart) {
  ScriptedServer server(AnswerAll(Response(200, "")));
  PendingSend send;
  const auto call = [&]() -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    send.cancel.emit(asio::cancellation_type::terminal);
    send.result = co_await transport().Send(Get(server.Url()));
  };
  asio::co_spawn(loop_, call, asio::bind_cancellation_slot(send.cancel.slot(), asio::detached));
  RunLoop();
  EXPECT_EQ(FailureOf(send.result).kind, HttpFailureKind::kCancelled);
  EXPECT_FALSE(FailureOf(send.result).request_sent);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlTransportCancelTest, WhileResolvingWithoutWaitingForTheResolver) {
  // The name server answers only after the cancelled request is done.
  BlockingResolver resolver("slow.invalid");
  const auto send = Start(Get("http://slow.invalid/"));
  resolver.OnLookup([&] { PostCancel(*send); });
  RunLoop();
  EXPECT_EQ(FailureOf(send->result).kind, HttpFailureKind::kCancelled);
  EXPECT_FALSE(FailureOf(send->result).request_sent);
  EXPECT_TRUE(resolver.blocking());
}

TEST_F(CurlTransportCancelTest, ATimeoutDoesNotWaitForTheResolverEither) {
  BlockingResolver resolver("slow.invalid");
  HttpRequest request = Get("http://slow.invalid/");
  request.timeout = absl::Milliseconds(20);
  EXPECT_EQ(FailureOf(Fetch(request)).kind, HttpFailureKind::kTimeout);
  EXPECT_TRUE(resolver.blocking());
}

TEST_F(CurlTransportCancelTest, TheConnectTimeoutDoesNotWaitForTheResolverEither) {
  options_.connect_timeout = absl::Milliseconds(20);
  BlockingResolver resolver("slow.invalid");
  EXPECT_EQ(FailureOf(Fetch("http://slow.invalid/")).kind, HttpFailureKind::kTimeout);
  EXPECT_TRUE(resolver.blocking());
}

TEST_F(CurlTransportCancelTest, WhileConnecting) {
  const fakes::SilentPort port;
  const auto send = Start(Get(absl::StrCat("http://127.0.0.1:", port.port())));
  loop_.restart();
  for (int i = 0; i < 3; ++i) loop_.poll();
  send->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
  EXPECT_EQ(FailureOf(send->result).kind, HttpFailureKind::kCancelled);
  EXPECT_FALSE(FailureOf(send->result).request_sent);
}

TEST_F(CurlTransportCancelTest, InsideTheHandshake) {
  const HttpFailure failure = CancelledWhen(
      [](Peer& peer, const auto& cancel) {
        peer.WaitForBytes();
        cancel();
        peer.Hang();
      },
      "https");
  EXPECT_EQ(failure.kind, HttpFailureKind::kCancelled);
  EXPECT_FALSE(failure.request_sent);
}

TEST_F(CurlTransportCancelTest, WhileWaitingForTheHead) {
  const HttpFailure failure = CancelledWhen([](Peer& peer, const auto& cancel) {
    peer.ReadRequest();
    cancel();
    peer.Hang();
  });
  EXPECT_EQ(failure.kind, HttpFailureKind::kCancelled);
  EXPECT_TRUE(failure.request_sent);
  EXPECT_EQ(failure.status, 0);
}

TEST_F(CurlTransportCancelTest, InsideTheBody) {
  std::unique_ptr<PendingSend> send;
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 202 Accepted\r\n\r\n");
    while (peer.Write("more and more")) {
    }
  });
  HttpRequest request = Get(server.Url());
  request.max_body_bytes = std::numeric_limits<std::size_t>::max();
  send = Start(request);
  loop_.restart();
  for (int i = 0; i < 200; ++i) loop_.run_one();
  send->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
  EXPECT_EQ(FailureOf(send->result).kind, HttpFailureKind::kCancelled);
  EXPECT_EQ(FailureOf(send->result).status, 202);
}

TEST_F(CurlTransportCancelTest, WhileWaitingForAConnection) {
  options_.max_http1_connections = 1;
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  const auto first = Start(Get(server.Url()));
  const auto second = Start(Get(server.Url()));
  loop_.restart();
  for (int i = 0; i < 10; ++i) loop_.poll();
  second->cancel.emit(asio::cancellation_type::terminal);
  while (!second->result) loop_.run_one();
  EXPECT_EQ(FailureOf(second->result).kind, HttpFailureKind::kCancelled);
  EXPECT_FALSE(FailureOf(second->result).request_sent);
  EXPECT_FALSE(first->result.has_value());
  first->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
  EXPECT_EQ(FailureOf(first->result).kind, HttpFailureKind::kCancelled);
}

TEST_F(CurlTransportCancelTest, AfterTheEndChangesNothing) {
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  const auto send = Start(Get(server.Url()));
  RunLoop();
  send->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
  EXPECT_EQ(ResponseOf(send->result.value()).body, "hello");
}

TEST_F(CurlTransportCancelTest, OfAnyTypeThatTheCoroutineLetsThrough) {
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  for (const asio::cancellation_type type :
       {asio::cancellation_type::terminal, asio::cancellation_type::partial,
        asio::cancellation_type::total}) {
    PendingSend send;
    const int connections = server.connections();
    const auto call = [&]() -> asio::awaitable<void> {
      co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
      send.result = co_await transport().Send(Get(server.Url()));
    };
    asio::co_spawn(loop_, call, asio::bind_cancellation_slot(send.cancel.slot(), asio::detached));
    loop_.restart();
    while (server.connections() == connections) loop_.poll();
    send.cancel.emit(type);
    RunLoop();
    EXPECT_EQ(FailureOf(send.result).kind, HttpFailureKind::kCancelled);
  }
}

TEST_F(CurlTransportCancelTest, FreesThePlaceForOthers) {
  options_.max_http1_connections = 1;
  ScriptedServer server([](Peer& peer) {
    if (peer.connection() == 0) return peer.Hang();
    AnswerAll(Response(200, "hello"))(peer);
  });
  const auto first = Start(Get(server.Url()));
  const auto second = Start(Get(server.Url()));
  loop_.restart();
  while (server.connections() == 0) loop_.poll();
  first->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
  EXPECT_EQ(ResponseOf(second->result.value()).body, "hello");
}

TEST_F(CurlTransportCancelTest, ThousandsLeaveAWorkingTransport) {
  ScriptedServer server([](Peer& peer) {
    while (const auto request = peer.ReadRequest()) {
      if (request->target == "/hang") return peer.Hang();
      peer.Write(Response(200, "hello"));
    }
  });
  constexpr int kRounds = 150;
  constexpr int kRequests = 30;  // of which two in three hang
  int cancelled = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<PendingSend>> sends;
    for (int i = 0; i < kRequests; ++i) {
      HttpRequest request = Get(server.Url(i % 3 == 0 ? "/answer" : "/hang"));
      request.fresh_connection = i % 10 == 0;
      sends.push_back(Start(request));
    }
    loop_.restart();
    // All have begun after as many steps; then each round cancels a step later.
    for (int i = 0; i < kRequests + round; ++i) loop_.poll_one();
    for (const auto& send : sends) send->cancel.emit(asio::cancellation_type::terminal);
    RunLoop();
    for (const auto& send : sends) {
      ASSERT_TRUE(send->result.has_value());
      if (std::holds_alternative<HttpResponse>(*send->result)) continue;
      EXPECT_EQ(FailureOf(send->result).kind, HttpFailureKind::kCancelled);
      ++cancelled;
    }
  }
  EXPECT_GE(cancelled, kRounds * kRequests * 2 / 3);
  EXPECT_EQ(ResponseOf(Fetch(server.Url("/answer"))).body, "hello");
}

TEST_F(CurlTransportCancelTest, TheEndOfTheTransportCancelsWhatIsUnderWay) {
  options_.max_http1_connections = 2;
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Hang();
  });
  std::vector<std::unique_ptr<PendingSend>> sends;
  for (int i = 0; i < 5; ++i) sends.push_back(Start(Get(server.Url())));
  HttpRequest fresh = Post(server.Url(), "{}");
  fresh.fresh_connection = true;
  sends.push_back(Start(fresh));
  loop_.restart();
  while (server.requests().size() < 3) loop_.poll();
  sends.push_back(Start(Get(server.Url())));  // not begun when the transport ends
  transport_.reset();
  RunLoop();
  for (const auto& send : sends) {
    EXPECT_EQ(FailureOf(send->result).kind, HttpFailureKind::kCancelled);
  }
  EXPECT_TRUE(FailureOf(sends[0]->result).request_sent);
  EXPECT_FALSE(FailureOf(sends[6]->result).request_sent);
}

TEST_F(CurlTransportCancelTest, TheEndOfTheLoopLeaksNothing) {
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  for (const bool transport_first : {true, false}) {
    auto loop = std::make_unique<asio::io_context>();
    auto transport = std::make_unique<CurlTransport>(loop->get_executor(), CurlTransportOptions{});
    bool finished = false;
    asio::co_spawn(*loop, transport->Send(Get(server.Url())),
                   [&](std::exception_ptr, const HttpResult&) { finished = true; });
    const int connections = server.connections();
    while (server.connections() == connections) loop->poll();
    if (transport_first) transport.reset();
    loop->stop();
    transport.reset();
    loop.reset();
    EXPECT_FALSE(finished) << "the coroutine was destroyed, not resumed";
  }
}

}  // namespace
}  // namespace mutexd::http
