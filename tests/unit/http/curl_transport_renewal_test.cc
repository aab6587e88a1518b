// When requests leave a connection that others still use: against nginx, by HTTP/2.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "tests/fakes/scripted_server.h"
#include "tests/fakes/tls_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace mutexd::http {
namespace {

using fakes::Peer;
using fakes::Response;
using fakes::ScriptedServer;
using fakes::TestAuthority;
using fakes::TlsServer;

// Requests for /slow are answered when the test says so, others at once.
class CurlTransportRenewalTest : public TransportTest {
 protected:
  CurlTransportRenewalTest() { options_.ca_file = authority_.ca_file(); }
  ~CurlTransportRenewalTest() override { AnswerTheSlow(); }

  void AnswerTheSlow() {
    const std::lock_guard lock(mutex_);
    let_go_ = true;
    changed_.notify_all();
  }

  std::unique_ptr<PendingSend> StartSlow(absl::Duration timeout = absl::Seconds(30)) {
    HttpRequest request = Get(server_.Url("/slow"));
    request.timeout = timeout;
    const std::size_t seen = backend_.requests().size();
    auto slow = Start(request);
    loop_.restart();
    while (backend_.requests().size() == seen) loop_.run_one_for(std::chrono::milliseconds(10));
    return slow;
  }

  // The connection, as nginx counts them, of a request that does not wait for others.
  std::string ConnectionOfAQuickOne() {
    const auto quick = Start(Get(server_.Url("/quick")));
    loop_.restart();
    while (!quick->result) loop_.run_one();
    return std::string(ResponseOf(*quick->result).Header("x-connection"));
  }

  // That of the first quick request that does not use `connection`, which must come soon.
  std::string NextConnectionAfter(const std::string& connection) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::string next = connection;
    while (next == connection && std::chrono::steady_clock::now() < end) {
      next = ConnectionOfAQuickOne();
    }
    EXPECT_NE(next, connection);
    return next;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool let_go_ = false;
  TestAuthority authority_;
  ScriptedServer backend_{[this](Peer& peer) {
    const auto request = peer.ReadRequest();
    if (!request) return;
    if (request->target == "/slow") {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return let_go_; });
    }
    peer.Write(Response(200, "hello"));
  }};
  const TlsServer server_{authority_.Issue("good", "IP:127.0.0.1"),
                          {.location = absl::StrCat("proxy_pass ", backend_.Url(),
                                                    "; add_header x-connection $connection;")}};
};

TEST_F(CurlTransportRenewalTest, ABusyConnectionThatIsTooOldIsLeftAndFailsNobody) {
  options_.max_connection_age = absl::Milliseconds(300);
  const auto slow = StartSlow();
  const std::string first = ConnectionOfAQuickOne();
  const std::string second = NextConnectionAfter(first);
  EXPECT_NE(NextConnectionAfter(second), first);
  AnswerTheSlow();
  RunLoop();
  EXPECT_EQ(ResponseOf(slow->result.value()).Header("x-connection"), first);
}

TEST_F(CurlTransportRenewalTest, AYoungConnectionIsKept) {
  const auto slow = StartSlow();
  const std::string first = ConnectionOfAQuickOne();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ConnectionOfAQuickOne(), first);
  AnswerTheSlow();
  RunLoop();
  EXPECT_EQ(observer_.connections_opened(), 1);
}

TEST_F(CurlTransportRenewalTest, AConnectionSilentForAWholeAttemptIsLeftThoughOthersWaitOnIt) {
  const std::string first = ConnectionOfAQuickOne();
  const auto waiting = StartSlow();
  const auto timed_out = StartSlow(absl::Milliseconds(200));
  loop_.restart();
  while (!timed_out->result) loop_.run_one();
  EXPECT_TRUE(FailureOf(timed_out->result).request_sent);
  EXPECT_FALSE(waiting->result.has_value());
  EXPECT_NE(ConnectionOfAQuickOne(), first);
  AnswerTheSlow();
  RunLoop();
  EXPECT_EQ(ResponseOf(waiting->result.value()).Header("x-connection"), first);
}

TEST_F(CurlTransportRenewalTest, AConnectionThatAnswersOthersIsKeptThoughOneTimesOut) {
  const std::string first = ConnectionOfAQuickOne();
  const auto timed_out = StartSlow(absl::Milliseconds(300));
  while (!timed_out->result) EXPECT_EQ(ConnectionOfAQuickOne(), first);
  EXPECT_EQ(FailureOf(timed_out->result).kind, HttpFailureKind::kTimeout);
  EXPECT_EQ(ConnectionOfAQuickOne(), first);
}

TEST_F(CurlTransportRenewalTest, TheEndOfTheTransportEndsWhatIsOnConnectionsThatWereLeft) {
  options_.max_connection_age = absl::Milliseconds(100);
  const auto slow = StartSlow();
  NextConnectionAfter(ConnectionOfAQuickOne());
  transport_.reset();
  RunLoop();
  EXPECT_EQ(FailureOf(slow->result).kind, HttpFailureKind::kCancelled);
}

}  // namespace
}  // namespace mutexd::http
