// What is sent, and what comes back, when the server behaves.
#include "service/http/curl_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/fakes/gzip.h"
#include "tests/fakes/loopback.h"
#include "tests/fakes/scripted_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace mutexd::http {
namespace {

using fakes::AnswerAll;
using fakes::Peer;
using fakes::ReceivedRequest;
using fakes::Response;
using fakes::ScriptedServer;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

class CurlTransportTest : public TransportTest {};

TEST_F(CurlTransportTest, GetsAResponse) {
  ScriptedServer server(AnswerAll(Response(200, "hello", "X-Request-ID: 7\r\nA: 1\r\nA: 2\r\n")));
  const HttpResponse response = ResponseOf(Fetch(server.Url("/path?q=1")));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_FALSE(response.body_truncated);
  EXPECT_EQ(response.Header("x-request-id"), "7");
  EXPECT_EQ(response.Header("a"), "1");
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].method, "GET");
  EXPECT_EQ(server.requests()[0].target, "/path?q=1");
}

TEST_F(CurlTransportTest, SendsHeadersAndNoneOfLibcurlsSurprises) {
  options_.user_agent = "mutexd/test";
  ScriptedServer server(AnswerAll(Response(200, "")));
  HttpRequest request = Post(server.Url(), std::string(2 << 20, 'x'));
  request.headers = {{"authorization", "Bearer k"}, {"x-empty", ""}};
  ResponseOf(Fetch(request));
  ASSERT_EQ(server.requests().size(), 1u);
  const auto headers = server.requests()[0].headers;
  EXPECT_THAT(headers, Contains(Pair("authorization", "Bearer k")));
  EXPECT_THAT(headers, Contains(Pair("x-empty", "")));
  EXPECT_THAT(headers, Contains(Pair("user-agent", "mutexd/test")));
  EXPECT_THAT(headers, Contains(Pair("accept-encoding", HasSubstr("gzip"))));
  EXPECT_THAT(headers, Not(Contains(Key("expect"))));
  EXPECT_THAT(headers, Not(Contains(Key("content-type"))));
  EXPECT_THAT(headers, Not(Contains(Key("upgrade"))));
}

TEST_F(CurlTransportTest, PostsAndPatchesBodies) {
  ScriptedServer server(AnswerAll(Response(200, "")));
  const std::string body("{\"a\":\0}", 7);
  HttpRequest request = Post(server.Url("/post"), body);
  request.headers = {{"content-type", "application/json"}};
  ResponseOf(Fetch(request));
  request.method = HttpMethod::kPatch;
  ResponseOf(Fetch(request));
  ResponseOf(Fetch(Post(server.Url("/empty"), "")));
  const std::vector<ReceivedRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].body, body);
  EXPECT_THAT(requests[0].headers, Contains(Pair("content-type", "application/json")));
  EXPECT_EQ(requests[1].method, "PATCH");
  EXPECT_EQ(requests[1].body, body);
  EXPECT_THAT(requests[2].headers, Contains(Pair("content-length", "0")));
}

TEST_F(CurlTransportTest, SendsPathsAsTheyAreWritten) {
  ScriptedServer server(AnswerAll(Response(200, "")));
  ResponseOf(Fetch(server.Url("/a/../b/./c%2F%20")));
  EXPECT_EQ(server.requests().at(0).target, "/a/../b/./c%2F%20");
}

TEST_F(CurlTransportTest, AnyStatusIsAResponse) {
  for (const int status : {200, 299, 400, 401, 404, 429, 500, 503, 599}) {
    ScriptedServer server(AnswerAll(Response(status, "text")));
    EXPECT_EQ(ResponseOf(Fetch(server.Url())).status, status);
  }
}

TEST_F(CurlTransportTest, DoesNotFollowRedirects) {
  for (const int status : {301, 302, 303, 307, 308}) {
    ScriptedServer server(AnswerAll(Response(status, "", "Location: /elsewhere\r\n")));
    const HttpResponse response = ResponseOf(Fetch(server.Url("/here")));
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.Header("location"), "/elsewhere");
    EXPECT_EQ(server.requests().size(), 1u);
  }
}

TEST_F(CurlTransportTest, SkipsInterimResponses) {
  ScriptedServer server(AnswerAll(
      absl::StrCat("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", Response(200, "hello"))));
  const HttpResponse response = ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("link"), "");
}

TEST_F(CurlTransportTest, ReadsChunkedBodiesAndDropsTrailers) {
  ScriptedServer server(
      AnswerAll("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"));
  const HttpResponse response = ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(response.body, "hello world");
  EXPECT_EQ(response.Header("x-sum"), "");
}

TEST_F(CurlTransportTest, ReadsBodiesThatEndWithTheConnection) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  });
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "until the end");
}

TEST_F(CurlTransportTest, Decompresses) {
  const std::string plain(100000, 'a');
  ScriptedServer server(AnswerAll(Response(200, fakes::Gzip(plain), "Content-Encoding: gzip\r\n")));
  EXPECT_TRUE(ResponseOf(Fetch(server.Url())).body == plain);
}

TEST_F(CurlTransportTest, ABodyOfExactlyTheCapIsWhole) {
  ScriptedServer server(AnswerAll(Response(200, std::string(1000, 'x'))));
  HttpRequest request = Get(server.Url());
  request.max_body_bytes = 1000;
  const HttpResponse response = ResponseOf(Fetch(request));
  EXPECT_EQ(response.body.size(), 1000u);
  EXPECT_FALSE(response.body_truncated);
}

TEST_F(CurlTransportTest, StopsReceivingABodyOverTheCap) {
  // The server would go on for ever.
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 502 Bad Gateway\r\nX-A: 1\r\n\r\n");
    const std::string block(65536, 'x');
    while (peer.Write(block)) {
    }
  });
  HttpRequest request = Get(server.Url());
  request.max_body_bytes = 100000;
  const HttpResponse response = ResponseOf(Fetch(request));
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.Header("x-a"), "1");
  EXPECT_TRUE(response.body_truncated);
  EXPECT_TRUE(response.body == std::string(100000, 'x'));
}

TEST_F(CurlTransportTest, CountsTheCapAfterDecompression) {
  const std::string bomb = fakes::Gzip(std::string(64 << 20, '\0'));
  ScriptedServer server(AnswerAll(Response(200, bomb, "Content-Encoding: gzip\r\n")));
  HttpRequest request = Get(server.Url());
  request.max_body_bytes = 1 << 20;
  ASSERT_LT(bomb.size(), request.max_body_bytes);
  const HttpResponse response = ResponseOf(Fetch(request));
  EXPECT_TRUE(response.body_truncated);
  EXPECT_EQ(response.body.size(), request.max_body_bytes);
}

TEST_F(CurlTransportTest, ACapOfZeroStillTellsTheStatus) {
  ScriptedServer server(AnswerAll(Response(404, "some text")));
  HttpRequest request = Get(server.Url());
  request.max_body_bytes = 0;
  const HttpResponse response = ResponseOf(Fetch(request));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "");
  EXPECT_TRUE(response.body_truncated);
}

TEST_F(CurlTransportTest, RefusesToInjectHeadersAndSendsNothing) {
  ScriptedServer server(AnswerAll(Response(200, "")));
  HttpRequest request = Get(server.Url());
  request.headers = {{"x-a", "1\r\nx-evil: 1"}};
  const HttpFailure failure = FailureOf(Fetch(request));
  EXPECT_EQ(failure.kind, HttpFailureKind::kRequest);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlTransportTest, RefusesUrlsThatCannotBe) {
  for (const char* url :
       {"nonsense", "file:///etc/passwd", "http://", "http://a:b:c/", "http://127.0.0.1:99999/"}) {
    const HttpFailure failure = FailureOf(Fetch(url));
    EXPECT_EQ(failure.kind, HttpFailureKind::kRequest) << url << ": " << failure.message;
    EXPECT_FALSE(failure.request_sent) << url;
    EXPECT_FALSE(failure.message.empty());
  }
}

TEST_F(CurlTransportTest, TellsTheObserverOfConnectionsAndBytes) {
  const std::string plain(100000, 'a');
  const std::string body = fakes::Gzip(plain);
  ScriptedServer server(AnswerAll(Response(200, body, "Content-Encoding: gzip\r\n")));
  ResponseOf(Fetch(server.Url()));
  ResponseOf(Fetch(Post(server.Url(), std::string(500000, 'b'))));
  ResponseOf(Fetch(Post(server.Url(), std::string(1000, 'b'))));
  ASSERT_EQ(observer_.stats().size(), 3u);
  const HttpTransferStats& first = observer_.stats()[0];
  EXPECT_EQ(first.connections_opened, 1);
  EXPECT_FALSE(first.connection_reused);
  EXPECT_EQ(first.bytes_sent, 0);
  EXPECT_EQ(first.bytes_received, static_cast<std::int64_t>(body.size()));
  const HttpTransferStats& second = observer_.stats()[1];
  EXPECT_EQ(second.connections_opened, 0);
  EXPECT_TRUE(second.connection_reused);
  EXPECT_EQ(second.bytes_sent, 500000);
  EXPECT_EQ(observer_.stats()[2].bytes_sent, 1000);  // in one packet with the head
}

TEST_F(CurlTransportTest, TellsTheObserverOfFailedAndCancelledRequests) {
  const fakes::RefusingPort port;
  FailureOf(Fetch(absl::StrCat("http://127.0.0.1:", port.port())));
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  const auto send = Start(Get(server.Url()));
  loop_.restart();
  while (server.connections() == 0) loop_.poll();
  send->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
  ASSERT_EQ(observer_.stats().size(), 2u);
  EXPECT_EQ(observer_.connections_opened(), 1);
}

TEST_F(CurlTransportTest, WorksWithoutAnObserver) {
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  transport_.emplace(loop_.get_executor(), options_);
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "hello");
}

}  // namespace
}  // namespace mutexd::http
