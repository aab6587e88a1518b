// What becomes of a request when the server, or the way to it, misbehaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "service/http/response_head.h"
#include "tests/fakes/gzip.h"
#include "tests/fakes/loopback.h"
#include "tests/fakes/scripted_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace mutexd::http {
namespace {

using fakes::AnswerAll;
using fakes::Peer;
using fakes::Response;
using fakes::ScriptedServer;
using ::testing::HasSubstr;

class CurlTransportFaultsTest : public TransportTest {
 protected:
  // Reads one request, writes `reply`, closes.
  HttpResult FetchFromServerThatWrites(std::string reply) {
    ScriptedServer server([reply](Peer& peer) {
      peer.ReadRequest();
      peer.Write(reply);
    });
    return Fetch(server.Url());
  }
};

TEST_F(CurlTransportFaultsTest, RefusedIsConnectAndNotSent) {
  const fakes::RefusingPort port;
  const HttpFailure failure = FailureOf(Fetch(absl::StrCat("http://127.0.0.1:", port.port())));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnect);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_EQ(failure.status, 0);
  EXPECT_THAT(failure.message, HasSubstr("Couldn't connect"));
}

TEST_F(CurlTransportFaultsTest, UnknownHostIsResolveAndNotSent) {
  const HttpFailure failure = FailureOf(Fetch("http://no-such-host.invalid/"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kResolve);
  EXPECT_FALSE(failure.request_sent);
}

TEST_F(CurlTransportFaultsTest, TimeoutWhileConnectingIsNotSent) {
  const fakes::SilentPort port;
  HttpRequest request = Get(absl::StrCat("http://127.0.0.1:", port.port()));
  request.timeout = absl::Milliseconds(50);
  const HttpFailure failure = FailureOf(Fetch(request));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTimeout);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_THAT(failure.message, HasSubstr("50ms"));
}

TEST_F(CurlTransportFaultsTest, ConnectTimeoutEndsBeforeTheRequestsOwn) {
  const fakes::SilentPort port;
  options_.connect_timeout = absl::Milliseconds(50);
  HttpRequest request = Get(absl::StrCat("http://127.0.0.1:", port.port()));
  request.timeout = absl::Hours(1);
  const HttpFailure failure = FailureOf(Fetch(request));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTimeout);
  EXPECT_FALSE(failure.request_sent);
}

TEST_F(CurlTransportFaultsTest, TimeoutWaitingForTheHeadIsSent) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Hang();
  });
  HttpRequest request = Get(server.Url());
  request.timeout = absl::Seconds(1);
  const HttpFailure failure = FailureOf(Fetch(request));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTimeout);
  EXPECT_TRUE(failure.request_sent);
  EXPECT_EQ(failure.status, 0);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(CurlTransportFaultsTest, TimeoutInTheBodyTellsTheStatus) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nhalf");
    peer.Hang();
  });
  HttpRequest request = Get(server.Url());
  request.timeout = absl::Seconds(1);
  const HttpFailure failure = FailureOf(Fetch(request));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTimeout);
  EXPECT_EQ(failure.status, 201);
}

TEST_F(CurlTransportFaultsTest, NoTimeoutMeansOneMillisecondAndNotForEver) {
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    HttpRequest request = Get(server.Url());
    request.timeout = timeout;
    EXPECT_EQ(FailureOf(Fetch(request)).kind, HttpFailureKind::kTimeout);
  }
}

TEST_F(CurlTransportFaultsTest, AnInfiniteTimeoutIsNoOverflow) {
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  HttpRequest request = Get(server.Url());
  request.timeout = absl::InfiniteDuration();
  EXPECT_EQ(ResponseOf(Fetch(request)).body, "hello");
}

TEST_F(CurlTransportFaultsTest, ATimedOutConnectionIsNotUsedAgain) {
  ScriptedServer server([](Peer& peer) {
    if (peer.connection() == 0) return peer.Hang();
    AnswerAll(Response(200, "hello"))(peer);
  });
  HttpRequest request = Get(server.Url());
  request.timeout = absl::Seconds(1);
  FailureOf(Fetch(request));
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "hello");
}

TEST_F(CurlTransportFaultsTest, ClosedAtOnceIsConnectionLost) {
  ScriptedServer server([](Peer&) {});
  EXPECT_EQ(FailureOf(Fetch(server.Url())).kind, HttpFailureKind::kConnectionLost);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlTransportFaultsTest, ClosedWithoutAReplyIsConnectionLostAndSent) {
  const HttpFailure failure = FailureOf(FetchFromServerThatWrites(""));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnectionLost);
  EXPECT_TRUE(failure.request_sent);
  EXPECT_EQ(failure.status, 0);
}

TEST_F(CurlTransportFaultsTest, ClosedInsideTheHeadHasNoStatus) {
  const HttpFailure failure =
      FailureOf(FetchFromServerThatWrites("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"));
  EXPECT_EQ(failure.status, 0);
  EXPECT_TRUE(failure.request_sent);
}

TEST_F(CurlTransportFaultsTest, TruncatedBodyIsConnectionLostWithItsStatus) {
  const HttpFailure failure = FailureOf(
      FetchFromServerThatWrites("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnectionLost);
  EXPECT_EQ(failure.status, 200);
}

TEST_F(CurlTransportFaultsTest, TruncatedChunksAreConnectionLost) {
  const HttpFailure failure = FailureOf(
      FetchFromServerThatWrites("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnectionLost);
  EXPECT_EQ(failure.status, 200);
}

TEST_F(CurlTransportFaultsTest, ResetInsideTheBodyIsConnectionLost) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    peer.Reset();
  });
  const HttpFailure failure = FailureOf(Fetch(server.Url()));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnectionLost);
  EXPECT_TRUE(failure.request_sent);
}

TEST_F(CurlTransportFaultsTest, BytesBeyondContentLengthAreNotTheBody) {
  ScriptedServer server([](Peer& peer) {
    while (peer.ReadRequest()) {
      peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 500 Smuggled\r\n\r\n");
    }
  });
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "hello");
  // What was left over is not taken for the next response.
  const HttpResponse second = ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, "hello");
}

TEST_F(CurlTransportFaultsTest, ADrippedReplyArrivesWhole) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Drip(Response(200, "one byte after the other", "X-A: 1\r\n"));
  });
  const HttpResponse response = ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(response.body, "one byte after the other");
  EXPECT_EQ(response.Header("x-a"), "1");
}

TEST_F(CurlTransportFaultsTest, HtmlIsAnOrdinaryBody) {
  const std::string html = "<html><body><h1>502 Bad Gateway</h1></body></html>";
  ScriptedServer server(AnswerAll(Response(502, html, "Content-Type: text/html\r\n")));
  const HttpResponse response = ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body, html);
  EXPECT_EQ(response.Header("content-type"), "text/html");
}

TEST_F(CurlTransportFaultsTest, WhatIsNoHttpIsProtocol) {
  for (const std::string& reply : std::vector<std::string>{
           "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "220 mail.example.com ESMTP\r\n",
           "\1\2\3\4\5\6\7\xFF", "HTTP/1.1 hello there\r\n\r\n", "HTTP/7.3 200 OK\r\n\r\n"}) {
    const HttpFailure failure = FailureOf(FetchFromServerThatWrites(reply));
    EXPECT_EQ(failure.kind, HttpFailureKind::kProtocol) << reply << ": " << failure.message;
    EXPECT_TRUE(failure.request_sent) << reply;
  }
}

TEST_F(CurlTransportFaultsTest, AHeaderWithoutAColonIsProtocol) {
  const HttpFailure failure = FailureOf(
      FetchFromServerThatWrites("HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kProtocol);
}

TEST_F(CurlTransportFaultsTest, BrokenChunksAreProtocol) {
  const HttpFailure failure = FailureOf(FetchFromServerThatWrites(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nthis is no chunk\r\n"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kProtocol) << failure.message;
  EXPECT_EQ(failure.status, 200);
}

TEST_F(CurlTransportFaultsTest, BrokenGzipIsProtocol) {
  std::string body = fakes::Gzip(std::string(100000, 'a'));
  body.replace(body.size() / 2, 20, std::string(20, '\xFF'));
  ScriptedServer server(AnswerAll(Response(200, body, "Content-Encoding: gzip\r\n")));
  const HttpFailure failure = FailureOf(Fetch(server.Url()));
  EXPECT_EQ(failure.kind, HttpFailureKind::kProtocol) << failure.message;
  EXPECT_EQ(failure.status, 200);
}

TEST_F(CurlTransportFaultsTest, AHeadOverTheLimitIsProtocol) {
  std::string many_lines;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&many_lines, "X-", i, ": ", std::string(1000, 'x'), "\r\n");
  }
  const std::string one_line = absl::StrCat("X-A: ", std::string(150000, 'x'), "\r\n");
  std::string many_headers;
  for (std::size_t i = 0; i <= kMaxHeaders; ++i) absl::StrAppend(&many_headers, "a: b\r\n");
  for (const std::string& headers : {many_lines, one_line, many_headers}) {
    ScriptedServer server(AnswerAll(Response(200, "hello", headers)));
    const HttpFailure failure = FailureOf(Fetch(server.Url()));
    EXPECT_EQ(failure.kind, HttpFailureKind::kProtocol)
        << failure.message << " with " << headers.size() << " bytes of headers";
    EXPECT_TRUE(failure.request_sent);
  }
}

TEST_F(CurlTransportFaultsTest, AnUnreadableCaFileIsTls) {
  options_.ca_file = "/nonexistent/ca.pem";
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  const HttpFailure failure = FailureOf(Fetch(absl::StrCat("https://127.0.0.1:", server.port())));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTls);
  EXPECT_FALSE(failure.request_sent);
}

TEST_F(CurlTransportFaultsTest, AServerThatKnowsNoTlsIsTlsAndNotSent) {
  ScriptedServer server([](Peer& peer) {
    peer.WaitForBytes();
    peer.Write("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  const HttpFailure failure = FailureOf(Fetch(absl::StrCat("https://127.0.0.1:", server.port())));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTls);
  EXPECT_FALSE(failure.request_sent);
}

TEST_F(CurlTransportFaultsTest, ClosingInsideTheHandshakeIsTlsAndNotSent) {
  ScriptedServer server([](Peer& peer) { peer.WaitForBytes(); });
  const HttpFailure failure = FailureOf(Fetch(absl::StrCat("https://127.0.0.1:", server.port())));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTls);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_EQ(server.connections(), 1) << "its own failure is not to be tried again";
}

TEST_F(CurlTransportFaultsTest, TimeoutInsideTheHandshakeIsNotSent) {
  ScriptedServer server([](Peer& peer) { peer.Hang(); });
  HttpRequest request = Get(absl::StrCat("https://127.0.0.1:", server.port()));
  request.timeout = absl::Seconds(1);
  const HttpFailure failure = FailureOf(Fetch(request));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTimeout);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlTransportFaultsTest, WorksAfterEveryFault) {
  const fakes::RefusingPort port;
  FailureOf(Fetch(absl::StrCat("http://127.0.0.1:", port.port())));
  FailureOf(FetchFromServerThatWrites(""));
  FailureOf(FetchFromServerThatWrites("nonsense"));
  ScriptedServer server(AnswerAll(Response(200, "hello")));
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "hello");
}

}  // namespace
}  // namespace mutexd::http
