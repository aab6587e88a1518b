// TLS and HTTP/2, against nginx.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <asio/post.hpp>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "service/http/response_head.h"
#include "tests/fakes/gzip.h"
#include "tests/fakes/scripted_server.h"
#include "tests/fakes/tls_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace mutexd::http {
namespace {

using fakes::AnswerAll;
using fakes::Certificate;
using fakes::Peer;
using fakes::Response;
using fakes::ScriptedServer;
using fakes::TestAuthority;
using fakes::TlsServer;
using ::testing::HasSubstr;

class CurlTransportTlsTest : public TransportTest {
 protected:
  static void SetUpTestSuite() { authority_ = new TestAuthority; }
  static void TearDownTestSuite() { delete authority_; }

  CurlTransportTlsTest() { options_.ca_file = authority_->ca_file(); }

  static Certificate GoodCertificate() { return authority_->Issue("good", "IP:127.0.0.1"); }

  static TlsServer::Options Reporting() {
    return {.location = std::string(TlsServer::kReportConnection)};
  }

  // A server that passes requests on to `backend`.
  static TlsServer::Options PassingTo(const ScriptedServer& backend) {
    return {.location = absl::StrCat("proxy_pass ", backend.Url(), ";")};
  }

  HttpFailure FailureWith(const Certificate& certificate) {
    const TlsServer server(certificate, Reporting());
    return FailureOf(Fetch(server.Url()));
  }

  static TestAuthority* authority_;
  std::atomic<int> backend_answers_ = 0;
};

TestAuthority* CurlTransportTlsTest::authority_ = nullptr;

// The connections, as nginx counts them, that responses came by.
std::set<std::string> ConnectionsOf(const std::vector<std::unique_ptr<PendingSend>>& sends) {
  std::set<std::string> connections;
  for (const auto& send : sends) {
    connections.insert(std::string(ResponseOf(send->result.value()).Header("x-connection")));
  }
  return connections;
}

TEST_F(CurlTransportTlsTest, SpeaksHttp2WhereTheServerDoes) {
  const TlsServer server(GoodCertificate(), Reporting());
  const HttpResponse response = ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.Header("x-protocol"), "HTTP/2.0");
}

TEST_F(CurlTransportTlsTest, SpeaksHttp11WhereTheServerDoesNot) {
  TlsServer::Options options = Reporting();
  options.http2 = false;
  const TlsServer server(GoodCertificate(), options);
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).Header("x-protocol"), "HTTP/1.1");
}

TEST_F(CurlTransportTlsTest, FiftyRequestsAtOnceShareOneConnection) {
  // Nobody is answered before all fifty have arrived, so they are under way together.
  constexpr std::size_t kRequests = 50;
  std::atomic<ScriptedServer*> self = nullptr;
  ScriptedServer backend([&](Peer& peer) {
    if (!peer.ReadRequest()) return;
    self.load()->WaitForRequests(kRequests);
    peer.Write(Response(200, "all here"));
  });
  self = &backend;
  TlsServer::Options options = PassingTo(backend);
  options.location += "add_header x-connection $connection;";
  const TlsServer server(GoodCertificate(), options);
  std::vector<std::unique_ptr<PendingSend>> sends;
  for (std::size_t i = 0; i < kRequests; ++i) sends.push_back(Start(Get(server.Url())));
  RunLoop();
  for (const auto& send : sends) EXPECT_EQ(ResponseOf(send->result.value()).body, "all here");
  EXPECT_EQ(ConnectionsOf(sends).size(), 1u);
  EXPECT_EQ(observer_.connections_opened(), 1);
}

TEST_F(CurlTransportTlsTest, MoreRequestsThanStreamsOpenNoMoreConnectionsThanAllowed) {
  TlsServer::Options options = Reporting();
  options.max_concurrent_streams = 4;
  const TlsServer server(GoodCertificate(), options);
  ResponseOf(Fetch(server.Url()));  // from here on the host is known to speak HTTP/2
  std::vector<std::unique_ptr<PendingSend>> sends;
  for (int i = 0; i < 200; ++i) sends.push_back(Start(Get(server.Url())));
  RunLoop();
  EXPECT_LE(ConnectionsOf(sends).size(), 2u);
}

TEST_F(CurlTransportTlsTest, BodiesGoBothWaysOverHttp2) {
  const std::string sent(300000, 's');
  const std::string received(3000000, 'r');
  ScriptedServer backend(AnswerAll(Response(200, received)));
  const TlsServer server(GoodCertificate(), PassingTo(backend));
  for (const HttpMethod method : {HttpMethod::kPatch, HttpMethod::kPost}) {
    HttpRequest request = Post(server.Url("/path"), sent);
    request.method = method;
    EXPECT_TRUE(ResponseOf(Fetch(request)).body == received);
    EXPECT_EQ(backend.requests().back().method, HttpMethodName(method));
    EXPECT_TRUE(backend.requests().back().body == sent);
  }
}

TEST_F(CurlTransportTlsTest, StopsReceivingABodyOverTheCapAndKeepsTheConnection) {
  ScriptedServer backend(AnswerAll(Response(200, std::string(3000000, 'r'))));
  const TlsServer server(GoodCertificate(), PassingTo(backend));
  HttpRequest request = Get(server.Url());
  request.max_body_bytes = 1000;
  const HttpResponse response = ResponseOf(Fetch(request));
  EXPECT_TRUE(response.body_truncated);
  EXPECT_EQ(response.body.size(), 1000u);
  ResponseOf(Fetch(server.Url()));
  EXPECT_EQ(observer_.connections_opened(), 1);
}

TEST_F(CurlTransportTlsTest, SendsHeadersOverHttp2AsTheyAre) {
  ScriptedServer backend(AnswerAll(Response(200, "")));
  const TlsServer server(GoodCertificate(), PassingTo(backend));
  HttpRequest request = Post(server.Url("/a/../b?c=d#e"), "{}");
  request.headers = {{"Authorization", "Bearer secret"}, {"Content-Type", "application/json"}};
  ResponseOf(Fetch(request));
  const fakes::ReceivedRequest received = backend.requests().at(0);
  EXPECT_EQ(received.headers.at("authorization"), "Bearer secret");
  EXPECT_EQ(received.headers.at("content-type"), "application/json");
  EXPECT_EQ(received.headers.at("user-agent"), "mutexd");
  EXPECT_EQ(received.headers.at("accept-encoding"), "gzip");
  EXPECT_EQ(received.body, "{}");
}

TEST_F(CurlTransportTlsTest, DecompressesOverHttp2) {
  const std::string body(200000, 'b');
  ScriptedServer backend(AnswerAll(Response(200, fakes::Gzip(body), "Content-Encoding: gzip\r\n")));
  const TlsServer server(GoodCertificate(), PassingTo(backend));
  EXPECT_TRUE(ResponseOf(Fetch(server.Url())).body == body);
  EXPECT_LT(observer_.stats().back().bytes_received, 10000);
}

TEST_F(CurlTransportTlsTest, RefusesOverHttp2AnEncodingThatNobodyAskedFor) {
  ScriptedServer backend(AnswerAll(Response(200, "hello", "Content-Encoding: br\r\n")));
  const TlsServer server(GoodCertificate(), PassingTo(backend));
  const HttpFailure failure = FailureOf(Fetch(server.Url()));
  EXPECT_EQ(failure.kind, HttpFailureKind::kProtocol);
  EXPECT_THAT(failure.message, HasSubstr("encoding"));
}

TEST_F(CurlTransportTlsTest, RefusesOverHttp2AHeadThatIsTooLongAndKeepsTheConnection) {
  std::string headers;
  for (std::size_t i = 0; i <= kMaxHeaders; ++i) absl::StrAppend(&headers, "a", i, ": b\r\n");
  ScriptedServer backend([&](Peer& peer) {
    if (!peer.ReadRequest()) return;
    peer.Write(Response(200, "hello", backend_answers_++ == 0 ? headers : ""));
  });
  const TlsServer server(GoodCertificate(), PassingTo(backend));
  const HttpFailure failure = FailureOf(Fetch(server.Url()));
  EXPECT_EQ(failure.kind, HttpFailureKind::kProtocol);
  EXPECT_THAT(failure.message, HasSubstr("head"));
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "hello");
  EXPECT_EQ(observer_.connections_opened(), 1);
}

TEST_F(CurlTransportTlsTest, AnIdleConnectionIsKeptByPingsUntilItWasIdleForTooLong) {
  options_.keepalive = absl::Milliseconds(20);
  options_.max_connection_idle = absl::Seconds(2);
  const TlsServer server(GoodCertificate(), Reporting());
  const std::string first(ResponseOf(Fetch(server.Url())).Header("x-connection"));
  loop_.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).Header("x-connection"), first);
  // What ends is the connection, and with it all that the loop has to do.
  loop_.restart();
  loop_.run();
  EXPECT_NE(ResponseOf(Fetch(server.Url())).Header("x-connection"), first);
}

TEST_F(CurlTransportTlsTest, APeerThatAnswersNoPingIsGivenUp) {
  options_.keepalive = absl::Milliseconds(100);
  ScriptedServer backend([](Peer& peer) {
    if (peer.ReadRequest()) peer.WaitForBytes();  // no answer
  });
  const TlsServer server(GoodCertificate(), PassingTo(backend));
  const auto waiting = Start(Get(server.Url()));
  loop_.restart();
  while (backend.requests().empty()) loop_.run_one_for(std::chrono::milliseconds(10));
  server.Pause();
  RunLoop();
  server.Continue();
  const HttpFailure failure = FailureOf(waiting->result);
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnectionLost);
  EXPECT_TRUE(failure.request_sent);
  EXPECT_THAT(failure.message, HasSubstr("ping"));
}

TEST_F(CurlTransportTlsTest, AHostWithoutHttp2IsNotAskedForItEachTime) {
  TlsServer::Options options = Reporting();
  options.http2 = false;
  const TlsServer server(GoodCertificate(), options);
  const std::string first(ResponseOf(Fetch(server.Url())).Header("x-connection"));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ResponseOf(Fetch(server.Url())).Header("x-connection"), first);
  }
}

TEST_F(CurlTransportTlsTest, AProxyThatSpeaksTlsIsOfferedNothing) {
  // It would be offered HTTP/2, and libcurl would not know.
  const TlsServer proxy(GoodCertificate(), Reporting());
  options_.proxy = proxy.Url();
  const HttpFailure failure = FailureOf(Fetch("https://127.0.0.1:1"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kConnect);
  EXPECT_THAT(failure.message, HasSubstr("CONNECT"));
}

TEST_F(CurlTransportTlsTest, FreshRequestsHaveAConnectionEachAndHttp11) {
  const TlsServer server(GoodCertificate(), Reporting());
  std::vector<std::unique_ptr<PendingSend>> sends;
  for (int i = 0; i < 5; ++i) {
    HttpRequest request = Post(server.Url(), "{}");
    request.fresh_connection = true;
    sends.push_back(Start(request));
  }
  RunLoop();
  EXPECT_EQ(ConnectionsOf(sends).size(), 5u);
  EXPECT_EQ(ResponseOf(*sends[0]->result).Header("x-protocol"), "HTTP/1.1");
}

TEST_F(CurlTransportTlsTest, RefusesAnUnknownAuthority) {
  const TestAuthority other;
  const HttpFailure failure = FailureWith(other.Issue("good", "IP:127.0.0.1"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTls);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_THAT(failure.message, HasSubstr("certificate"));
}

TEST_F(CurlTransportTlsTest, TheSystemsAuthoritiesDoNotTrustATest) {
  options_.ca_file.clear();
  EXPECT_EQ(FailureWith(GoodCertificate()).kind, HttpFailureKind::kTls);
}

TEST_F(CurlTransportTlsTest, RefusesACertificateForAnotherHost) {
  const HttpFailure failure = FailureWith(authority_->Issue("other", "DNS:example.com"));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTls);
  EXPECT_FALSE(failure.request_sent);
}

TEST_F(CurlTransportTlsTest, RefusesAnExpiredCertificate) {
  const HttpFailure failure = FailureWith(authority_->Issue("expired", "IP:127.0.0.1", -1));
  EXPECT_EQ(failure.kind, HttpFailureKind::kTls);
  EXPECT_FALSE(failure.request_sent);
  EXPECT_THAT(failure.message, HasSubstr("expired"));
}

TEST_F(CurlTransportTlsTest, RefusesTlsBefore12) {
  TlsServer::Options options = Reporting();
  options.protocols = "TLSv1 TLSv1.1";
  const TlsServer server(GoodCertificate(), options);
  EXPECT_EQ(FailureOf(Fetch(server.Url())).kind, HttpFailureKind::kTls);
}

TEST_F(CurlTransportTlsTest, AcceptsTls12) {
  TlsServer::Options options = Reporting();
  options.protocols = "TLSv1.2";
  const TlsServer server(GoodCertificate(), options);
  EXPECT_EQ(ResponseOf(Fetch(server.Url())).body, "hello");
}

TEST_F(CurlTransportTlsTest, GoesThroughAProxyThatTunnels) {
  const TlsServer server(GoodCertificate(), Reporting());
  ScriptedServer proxy([&server](Peer& peer) {
    if (!peer.ReadRequest()) return;
    peer.Write("HTTP/1.1 200 Connection established\r\n\r\n");
    peer.RelayTo(server.port());
  });
  ::setenv("https_proxy", proxy.Url().c_str(), 1);
  const HttpResponse response = ResponseOf(Fetch(server.Url()));
  ::unsetenv("https_proxy");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("x-protocol"), "HTTP/2.0");
  EXPECT_EQ(proxy.requests().at(0).target, absl::StrCat("127.0.0.1:", server.port()));
}

// Holds the first connection at the start of its TLS handshake, and relays the others.
class CurlTransportHandshakeTest : public CurlTransportTlsTest {
 protected:
  // Twenty requests, of which the first opens a connection that does not get on and the others wait
  // for it. Returns when the server has the connection.
  void StartTwenty() {
    for (int i = 0; i < 20; ++i) {
      HttpRequest request = Get(absl::StrCat("https://127.0.0.1:", front_.port()));
      sends_.push_back(Start(request));
    }
    loop_.restart();
    while (!held_) loop_.run_one_for(std::chrono::milliseconds(10));
  }

  void ExpectAllButTheFirstSucceed() {
    for (std::size_t i = 1; i < sends_.size(); ++i) {
      EXPECT_EQ(ResponseOf(sends_[i]->result.value()).body, "hello") << "request " << i;
    }
  }

  const TlsServer server_{GoodCertificate(), Reporting()};
  std::atomic<bool> held_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool let_go_ = false;
  ScriptedServer front_{[this](Peer& peer) {
    if (peer.connection() > 0) return peer.RelayTo(server_.port());
    peer.WaitForBytes();
    held_ = true;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return let_go_; });
  }};
  std::vector<std::unique_ptr<PendingSend>> sends_;
};

TEST_F(CurlTransportHandshakeTest, CancellingTheOneThatConnectsFailsNoOther) {
  StartTwenty();
  sends_[0]->cancel.emit(asio::cancellation_type::terminal);
  RunLoop();
  EXPECT_EQ(FailureOf(sends_[0]->result).kind, HttpFailureKind::kCancelled);
  EXPECT_FALSE(FailureOf(sends_[0]->result).request_sent);
  ExpectAllButTheFirstSucceed();
  const std::lock_guard lock(mutex_);
  let_go_ = true;
  changed_.notify_all();
}

TEST_F(CurlTransportTlsTest, CancellingTheOneThatConnectsAtAnyStepFailsNoOther) {
  const TlsServer server(GoodCertificate(), Reporting());
  constexpr int kRequests = 20;
  for (int steps = kRequests; steps < kRequests + 60; ++steps) {  // all have begun
    transport_.emplace(loop_.get_executor(), options_, &observer_);
    std::vector<std::unique_ptr<PendingSend>> sends;
    for (int i = 0; i < kRequests; ++i) sends.push_back(Start(Get(server.Url())));
    loop_.restart();
    const auto is_done = [](const auto& send) { return send->result.has_value(); };
    for (int i = 0; i < steps && !std::all_of(sends.begin(), sends.end(), is_done); ++i) {
      loop_.run_one();
    }
    sends[0]->cancel.emit(asio::cancellation_type::terminal);
    RunLoop();
    for (std::size_t i = 1; i < sends.size(); ++i) {
      EXPECT_EQ(ResponseOf(sends[i]->result.value()).body, "hello")
          << "request " << i << ", cancelled after " << steps << " steps";
    }
  }
}

TEST_F(CurlTransportHandshakeTest, AConnectionLostInItsHandshakeFailsNoOther) {
  StartTwenty();
  {
    const std::lock_guard lock(mutex_);
    let_go_ = true;
    changed_.notify_all();
  }
  RunLoop();
  EXPECT_EQ(FailureOf(sends_[0]->result).kind, HttpFailureKind::kTls);
  ExpectAllButTheFirstSucceed();
}

}  // namespace
}  // namespace mutexd::http
