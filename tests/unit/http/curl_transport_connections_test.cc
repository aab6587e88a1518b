// Which connection a request takes: kept, fresh, waited for, by a proxy; and what libcurl sends
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <asio/post.hpp>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "tests/fakes/loopback.h"
#include "tests/fakes/scripted_server.h"
#include "tests/unit/http/fake_resolver.h"
#include "tests/unit/http/transport_fixture.h"

namespace mutexd::http {
namespace {

using fakes::AnswerAll;
using fakes::Peer;
using fakes::ReceivedRequest;
using fakes::Response;
using fakes::ScriptedServer;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

class CurlTransportConnectionsTest : public TransportTest {};

HttpRequest Fresh(HttpRequest request) {
  request.fresh_connection = true;
  return request;
}

// The first connection answers one request, then reads the next and closes without an answer, which
// the client cannot foresee. Later connections close at their first request.
void AnswerOnceThenClose(Peer& peer) {
  if (peer.connection() == 0 && peer.ReadRequest()) peer.Write(Response(200, "first"));
  peer.ReadRequest();
}

// As above, but later connections answer.
void DieOnceThenAnswer(Peer& peer) {
  if (peer.connection() == 0) return AnswerOnceThenClose(peer);
  AnswerAll(Response(200, "second"))(peer);
}

TEST_F(CurlTransportConnectionsTest, RequestsOneAfterAnotherShareAConnection) {
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  for (int i = 0; i < 5; ++i) ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(observer_.connections_opened(), 1);
}

TEST_F(CurlTransportConnectionsTest, AGetOnADeadConnectionIsSentAgain) {
  ScriptedServer server(DieOnceThenAnswer);
  EXPECT_EQ(ResponseOf(Fetch(server.Url("/1"))).body, "first");
  EXPECT_EQ(ResponseOf(Fetch(server.Url("/2"))).body, "second");
  const std::vector<ReceivedRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].target, "/2");
  EXPECT_EQ(requests[1].connection, 0);
  EXPECT_EQ(requests[2].target, "/2");
  EXPECT_EQ(requests[2].connection, 1);
}

TEST_F(CurlTransportConnectionsTest, AConnectionClosedWhileIdleIsNoticed) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write(Response(200, "one each"));
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "one each");
  EXPECT_EQ(server.requests().size(), 5u);
}

// Why fresh_connection exists: on a kept connection libcurl sends even a POST twice.
TEST_F(CurlTransportConnectionsTest, AnOrdinaryPostOnADeadConnectionIsSentTwice) {
  ScriptedServer server(DieOnceThenAnswer);
  ResponseOf(Fetch(server.Url()));
  ResponseOf(Fetch(Post(server.Url("/create"), "{}")));
  ASSERT_EQ(server.requests().size(), 3u);
  EXPECT_EQ(server.requests()[1].method, "POST");
  EXPECT_EQ(server.requests()[2].method, "POST");
}

TEST_F(CurlTransportConnectionsTest, AFreshPostIsNeverSentTwice) {
  ScriptedServer server(AnswerOnceThenClose);
  ResponseOf(Fetch(server.Url()));
  const HttpFailure failure = FailureOf(Fetch(Fresh(Post(server.Url("/create"), "{}"))));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnectionLost);
  EXPECT_TRUE(failure.request_sent);
  const std::vector<ReceivedRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].method, "POST");
  EXPECT_EQ(requests[1].connection, 1);
}

TEST_F(CurlTransportConnectionsTest, AFreshConnectionIsNotUsedAgainByAnybody) {
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  ResponseOf(Fetch(Fresh(Post(server.Url(), "{}"))));
  ResponseOf(Fetch(Fresh(Post(server.Url(), "{}"))));
  ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(CurlTransportConnectionsTest, RequestsOverTheCapWaitForAConnection) {
  options_.max_http1_connections = 2;
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  std::vector<std::unique_ptr<PendingSend>> sends;
  for (int i = 0; i < 20; ++i) sends.push_back(Start(Get(server.Url())));
  RunLoop();
  for (const auto& send : sends) EXPECT_EQ(ResponseOf(send->result.value()).body, "hello");
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(CurlTransportConnectionsTest, WaitingForAConnectionCountsTowardsTheTimeout) {
  options_.max_http1_connections = 1;
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  HttpRequest request = Get(server.Url());
  request.timeout = absl::Seconds(1);
  const auto first = Start(request);
  request.timeout = absl::Milliseconds(50);
  const auto second = Start(request);
  RunLoop();
  EXPECT_TRUE(FailureOf(first->result).request_sent);
  EXPECT_EQ(FailureOf(second->result).kind, HttpFailureKind::kTimeout);
  EXPECT_FALSE(FailureOf(second->result).request_sent);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlTransportConnectionsTest, AFreshRequestDoesNotWaitBehindOthers) {
  options_.max_http1_connections = 1;
  // The only connection under the cap is answered after the fresh one.
  std::atomic<bool> posted = false;
  ScriptedServer server([&](Peer& peer) {
    const auto request = peer.ReadRequest();
    if (request && request->method == "GET") peer.Hang();
    posted = true;
    peer.Write(Response(200, "hello"));
  });
  const auto slow = Start(Get(server.Url()));
  loop_.restart();
  while (server.requests().empty()) loop_.poll();
  auto fresh = Start(Fresh(Post(server.Url(), "{}")));
  while (!fresh->result) loop_.run_one();
  EXPECT_EQ(ResponseOf(*fresh->result).body, "hello");
  EXPECT_TRUE(posted);
  EXPECT_FALSE(slow->result.has_value());
  slow->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
}

TEST_F(CurlTransportConnectionsTest, TriesTheNextAddressWhenOneRefuses) {
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  // The server does not listen on the first.
  const ScopedAddresses addresses("several.invalid", {"::1", "127.0.0.1"});
  const HttpResult result = Fetch(absl::StrCat("http://several.invalid:", server.port()));
  EXPECT_EQ(ResponseOf(result).body, "hello");
}

// Sets an environment variable while it lives.
class ScopedEnvironment {
 public:
  ScopedEnvironment(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~ScopedEnvironment() { ::unsetenv(name_); }
  ScopedEnvironment(const ScopedEnvironment&) = delete;
  ScopedEnvironment& operator=(const ScopedEnvironment&) = delete;

 private:
  const char* name_;
};

TEST_F(CurlTransportConnectionsTest, AProxyOfTheEnvironmentIsUsedForHttp) {
  ScriptedServer proxy(AnswerAll(Response(200, "by proxy")));
  const ScopedEnvironment environment("http_proxy", proxy.Url());
  EXPECT_EQ(ResponseOf(Fetch("http://amplitude.invalid/path")).body, "by proxy");
  EXPECT_EQ(proxy.requests().at(0).target, "http://amplitude.invalid/path");
}

TEST_F(CurlTransportConnectionsTest, HostsOfNoProxyAreReachedDirectly) {
  ScriptedServer server(AnswerAll(Response(200, "direct")));
  const fakes::RefusingPort proxy;
  const ScopedEnvironment environment("http_proxy",
                                      absl::StrCat("http://127.0.0.1:", proxy.port()));
  const ScopedEnvironment exception("no_proxy", "127.0.0.1");
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "direct");
}

TEST_F(CurlTransportConnectionsTest, AProxySeesNothingOfAnHttpsRequest) {
  ScriptedServer proxy([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  const ScopedEnvironment environment("https_proxy", proxy.Url());
  HttpRequest request = Get("https://amplitude.invalid/path");
  request.headers = {{"authorization", "Bearer secret"}};
  const HttpFailure failure = FailureOf(Fetch(request));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnect);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_EQ(failure.status, 0) << "the proxy's answer is not the server's";
  ASSERT_EQ(proxy.requests().size(), 1u);
  EXPECT_EQ(proxy.requests()[0].method, "CONNECT");
  EXPECT_EQ(proxy.requests()[0].target, "amplitude.invalid:443");
  EXPECT_THAT(proxy.requests()[0].headers, Not(Contains(Key("authorization"))));
}

TEST_F(CurlTransportConnectionsTest, AnUnreachableProxyIsNotSent) {
  const fakes::RefusingPort proxy;
  const ScopedEnvironment environment("all_proxy", absl::StrCat("http://127.0.0.1:", proxy.port()));
  const HttpFailure failure = FailureOf(Fetch("https://amplitude.invalid/"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnect);
  EXPECT_FALSE(failure.request_sent);
}

TEST_F(CurlTransportConnectionsTest, AnUnknownProxyIsResolveAndKeepsItsPassword) {
  const ScopedEnvironment environment("https_proxy", "http://me:secret@no-such-proxy.invalid:1");
  const HttpFailure failure = FailureOf(Fetch("https://amplitude.invalid/"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kResolve);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_THAT(failure.message, Not(::testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace mutexd::http
