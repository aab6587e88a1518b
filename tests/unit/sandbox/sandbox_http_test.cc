// The emulator's behaviour as an HTTP server, over real sockets.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/sandbox/json_fields.h"
#include "service/sandbox/sandbox.h"

namespace mutexd::sandbox {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kHead[] = "Host: sandbox\r\nAuthorization: Bearer ampex_x\r\n";
constexpr char kJson[] = "Content-Type: application/json\r\n";

// A client that sends what it is told, byte by byte.
class RawConnection {
 public:
  explicit RawConnection(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawConnection() { close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool connected() const { return connected_; }

  void Send(const std::string& text) {
    ASSERT_EQ(send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  void EndSending() { shutdown(socket_, SHUT_WR); }

  // One reply with its head, which must have a Content-Length. Empty at the end of the stream.
  std::string Reply() {
    for (;;) {
      const std::size_t head_end = received_.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        const std::size_t length_at = received_.find("Content-Length: ");
        const std::size_t length =
            length_at < head_end ? std::stoul(received_.substr(length_at + 16)) : 0;
        const std::size_t size = head_end + 4 + length;
        if (received_.size() >= size) {
          std::string reply = received_.substr(0, size);
          received_.erase(0, size);
          return reply;
        }
      }
      if (!Receive()) return "";
    }
  }

  std::string ReadToEnd() {
    while (Receive()) {
    }
    return std::move(received_);
  }

  // Whether the server ends the connection, without sending anything more.
  bool Ends() { return !Receive() && received_.empty(); }

 private:
  // More bytes, or false at the end of the stream.
  bool Receive() {
    pollfd entry{socket_, POLLIN, 0};
    EXPECT_EQ(poll(&entry, 1, 30'000), 1) << "the server is silent";
    char buffer[65536];
    const ssize_t count = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  const int socket_;
  bool connected_ = false;
  std::string received_;
};

class SandboxHttpTest : public testing::Test {
 protected:
  void SetUp() override { Restart(); }

  void Restart() {
    options_.quota = {.per_second = 0, .per_day = 0};
    auto sandbox = Sandbox::Start(options_);
    ASSERT_TRUE(sandbox.ok()) << sandbox.status();
    sandbox_ = *std::move(sandbox);
    port_ = std::stoi(sandbox_->url().substr(sandbox_->url().rfind(':') + 1));
  }

  // Sends one request on a connection of its own.
  std::string Exchange(const std::string& request) {
    RawConnection connection(port_);
    connection.Send(request);
    return connection.Reply();
  }

  static std::string Get(const std::string& path) {
    return absl::StrCat("GET ", path, " HTTP/1.1\r\n", kHead, "\r\n");
  }

  static std::string Patch(const std::string& path, const std::string& body) {
    return absl::StrCat("PATCH ", path, " HTTP/1.1\r\n", kHead, kJson,
                        "Content-Length: ", body.size(), "\r\n\r\n", body);
  }

  SandboxOptions options_;
  std::unique_ptr<Sandbox> sandbox_;
  int port_ = 0;
};

TEST_F(SandboxHttpTest, KeepsAConnectionForManyRequests) {
  RawConnection connection(port_);
  for (int i = 0; i < 200; ++i) {
    connection.Send(i % 2 == 0 ? Get("/api/1/mutexes/1001")
                               : Patch("/api/1/mutexes/1001", R"({"name":"n"})"));
    ASSERT_THAT(connection.Reply(), StartsWith("HTTP/1.1 200 OK\r\n")) << i;
  }
}

TEST_F(SandboxHttpTest, AnswersPipelinedRequestsInOrder) {
  RawConnection connection(port_);
  connection.Send(Get("/api/1/mutexes/1001") + Patch("/api/1/mutexes/1002", "{}") +
                  Get("/api/1/mutexes/1003"));
  EXPECT_THAT(connection.Reply(), HasSubstr(R"("id":1001)"));
  EXPECT_THAT(connection.Reply(), HasSubstr("\r\n\r\nOK"));
  EXPECT_THAT(connection.Reply(), HasSubstr(R"("id":1003)"));
}

TEST_F(SandboxHttpTest, ServesNewConnectionsBesideManyIdleOnes) {
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<RawConnection>(port_));
    ASSERT_TRUE(idle.back()->connected());
    idle.back()->Send(Get("/api/1/mutexes/1001"));
    ASSERT_THAT(idle.back()->Reply(), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(Exchange(Get("/api/1/mutexes")), StartsWith("HTTP/1.1 200"));
}

TEST_F(SandboxHttpTest, StopsAlthoughConnectionsAreOpen) {
  RawConnection idle(port_);
  idle.Send(Get("/api/1/mutexes/1001"));
  EXPECT_THAT(idle.Reply(), StartsWith("HTTP/1.1 200"));
  RawConnection half_sent(port_);
  half_sent.Send("GET /api/1/mutexes HTT");
  RawConnection silent(port_);
  sandbox_->Stop();
  EXPECT_TRUE(idle.Ends());
  EXPECT_THAT(half_sent.ReadToEnd(), Not(HasSubstr("200 OK")));
  EXPECT_FALSE(RawConnection(port_).connected());
  sandbox_->Stop();
}

TEST_F(SandboxHttpTest, StopsAlthoughAPeerDoesNotReadItsReply) {
  options_.generated_groups = 1000;
  Restart();
  RawConnection lazy(port_);
  for (int i = 0; i < 4; ++i) lazy.Send(Get("/api/1/mutexes?limit=1000"));
  sandbox_->Stop();
}

TEST_F(SandboxHttpTest, FinishesARequestThatIsUnderWayWhenItStops) {
  options_.faults.latency = absl::Hours(1);
  // A request that comes too late for the stop is not answered; soon one comes in time.
  std::string reply;
  for (int i = 0; i < 1000 && reply.empty(); ++i) {
    Restart();
    RawConnection connection(port_);
    connection.Send(Patch("/api/1/mutexes/1001", "{}"));
    sandbox_->Stop();
    reply = connection.Reply();
  }
  EXPECT_THAT(reply, HasSubstr("\r\n\r\nOK"));
}

TEST_F(SandboxHttpTest, ServesManyClientsAtOnce) {
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([this, client] {
      RawConnection connection(port_);
      const std::string path = absl::StrCat("/api/1/mutexes/", 1001 + client % 5);
      for (int i = 0; i < 50; ++i) {
        connection.Send(Patch(path + "/slots/1", absl::StrCat("{\"experiments\":[", i + 1, "]}")));
        ASSERT_THAT(connection.Reply(), HasSubstr("\r\n\r\nOK"));
        connection.Send(Get(path));
        ASSERT_THAT(connection.Reply(), StartsWith("HTTP/1.1 200"));
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

TEST_F(SandboxHttpTest, ListsThreeThousandGroupsPageByPage) {
  options_.sample_groups = false;
  options_.generated_groups = 3000;
  Restart();
  httplib::Client client(sandbox_->url());
  client.set_bearer_token_auth("ampex_x");
  client.set_keep_alive(true);
  for (const int limit : {1000, 700}) {
    std::set<std::int64_t> ids;
    std::string cursor = "0";
    int pages = 0;
    do {
      const auto reply =
          client.Get(absl::StrCat("/api/1/mutexes?limit=", limit, "&cursor=", cursor));
      ASSERT_TRUE(reply);
      ASSERT_EQ(reply->status, 200);
      const auto page = ParseJsonObject(reply->body);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const auto& group : (*page)["mutexes"].GetArray()) {
        EXPECT_TRUE(ids.insert(group["id"].GetInt64()).second);
      }
      ++pages;
      const auto& next = (*page)["nextCursor"];
      cursor = next.IsNull() ? "" : absl::StrCat(next.GetInt64());
    } while (!cursor.empty());
    EXPECT_EQ(ids.size(), 3000u);
    EXPECT_EQ(pages, (3000 + limit - 1) / limit);
  }
}

TEST_F(SandboxHttpTest, CompressesForClientsThatUnderstandIt) {
  httplib::Client client(sandbox_->url());
  client.set_bearer_token_auth("ampex_x");
  const auto plain = client.Get("/api/1/mutexes", {{"Accept-Encoding", "identity"}});
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->has_header("Content-Encoding"));
  const auto compressed = client.Get("/api/1/mutexes", {{"Accept-Encoding", "br, gzip"}});
  ASSERT_TRUE(compressed);
  EXPECT_EQ(compressed->get_header_value("Content-Encoding"), "gzip");
  EXPECT_EQ(compressed->body, plain->body);
}

TEST_F(SandboxHttpTest, DecodesPathAndQuery) {
  EXPECT_THAT(Exchange(Get("/api/1/mutexes/%31001")), HasSubstr(R"("id":1001)"));
  EXPECT_THAT(Exchange(Get("/api/1/mutexes?limit=1&cursor=%32")), HasSubstr(R"("id":1003)"));
  EXPECT_THAT(Exchange(Get("/api/1/mutexes/%FF%0A")), StartsWith("HTTP/1.1 404"));
}

TEST_F(SandboxHttpTest, AnswersHeadWithoutABody) {
  RawConnection connection(port_);
  connection.Send(absl::StrCat("HEAD /api/1/mutexes/1001 HTTP/1.1\r\n", kHead, "\r\n",
                               "GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n"));
  const std::string replies = connection.ReadToEnd();
  EXPECT_THAT(replies, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(replies, Not(HasSubstr("Checkout")));
  EXPECT_THAT(replies, HasSubstr("\r\n\r\nHTTP/1.1 401"));
}

TEST_F(SandboxHttpTest, TakesAWriteWithoutABodyAsEmpty) {
  RawConnection connection(port_);
  connection.Send(absl::StrCat("POST /api/1/mutexes HTTP/1.1\r\n", kHead, kJson, "\r\n"));
  EXPECT_THAT(connection.Reply(), StartsWith("HTTP/1.1 400"));
  connection.Send(Get("/api/1/mutexes/1001"));
  EXPECT_THAT(connection.Reply(), StartsWith("HTTP/1.1 200"));
}

TEST_F(SandboxHttpTest, ReadsChunkedBodies) {
  EXPECT_THAT(Exchange(absl::StrCat("PATCH /api/1/mutexes/1001 HTTP/1.1\r\n", kHead, kJson,
                                    "Transfer-Encoding: chunked\r\n\r\n",
                                    "9\r\n{\"name\":\"\r\n5\r\nnew\"}\r\n0\r\n\r\n")),
              HasSubstr("\r\n\r\nOK"));
  EXPECT_THAT(Exchange(Get("/api/1/mutexes/1001")), HasSubstr(R"("name":"new")"));
}

TEST_F(SandboxHttpTest, InvitesABodyThatIsAnnounced) {
  RawConnection connection(port_);
  connection.Send(absl::StrCat("PATCH /api/1/mutexes/1001 HTTP/1.1\r\n", kHead, kJson,
                               "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_THAT(connection.Reply(), StartsWith("HTTP/1.1 100 Continue"));
  connection.Send("{}");
  EXPECT_THAT(connection.Reply(), HasSubstr("\r\n\r\nOK"));
}

TEST_F(SandboxHttpTest, RefusesABodyThatIsTooLarge) {
  options_.max_body_bytes = 1000;
  Restart();
  // By its announced length, without reading it.
  RawConnection announced(port_);
  announced.Send(absl::StrCat("POST /api/1/mutexes HTTP/1.1\r\n", kHead, kJson,
                              "Content-Length: 99999999999999\r\n\r\n{\"name\":"));
  EXPECT_THAT(announced.Reply(), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(announced.Ends());
  // By what arrives.
  RawConnection chunked(port_);
  chunked.Send(absl::StrCat("POST /api/1/mutexes HTTP/1.1\r\n", kHead, kJson,
                            "Transfer-Encoding: chunked\r\n\r\n7d0\r\n", std::string(2000, ' '),
                            "\r\n"));
  EXPECT_THAT(chunked.Reply(), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(chunked.Ends());
  // By what a small body expands to.
  std::string bomb(compressBound(100'000), '\0');
  uLongf bomb_size = bomb.size();
  const std::string spaces(100'000, ' ');
  ASSERT_EQ(compress(reinterpret_cast<Bytef*>(bomb.data()), &bomb_size,
                     reinterpret_cast<const Bytef*>(spaces.data()), spaces.size()),
            Z_OK);
  bomb.resize(bomb_size);
  ASSERT_LT(bomb.size(), 1000u);
  EXPECT_THAT(Exchange(absl::StrCat("POST /api/1/mutexes HTTP/1.1\r\n", kHead, kJson,
                                    "Content-Encoding: deflate\r\nContent-Length: ", bomb.size(),
                                    "\r\n\r\n", bomb)),
              StartsWith("HTTP/1.1 413"));
  // The largest that is accepted.
  std::string largest = "{}";
  largest.append(998, ' ');
  EXPECT_THAT(Exchange(Patch("/api/1/mutexes/1001", largest)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Exchange(Patch("/api/1/mutexes/1001", largest + " ")), StartsWith("HTTP/1.1 413"));
}

TEST_F(SandboxHttpTest, AppliesNothingOfAWriteThatIsCutOff) {
  RawConnection connection(port_);
  connection.Send(absl::StrCat("PATCH /api/1/mutexes/1001 HTTP/1.1\r\n", kHead, kJson,
                               "Content-Length: 40\r\n\r\n{\"name\":\"cut\"}"));
  connection.EndSending();
  EXPECT_THAT(connection.Reply(), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(Get("/api/1/mutexes/1001")), HasSubstr(R"("name":"Checkout")"));
}

TEST_F(SandboxHttpTest, NeverTakesABodyForTheNextRequest) {
  const std::string smuggled = Patch("/api/1/mutexes/1001", R"({"name":"smuggled"})");
  for (const char* method : {"GET", "DELETE", "PUT", "OPTIONS"}) {
    RawConnection connection(port_);
    connection.Send(absl::StrCat(method, " /api/1/mutexes HTTP/1.1\r\n", kHead,
                                 "Content-Length: ", smuggled.size(), "\r\n\r\n", smuggled));
    EXPECT_NE(connection.Reply(), "") << method;
    EXPECT_TRUE(connection.Ends()) << method;
  }
  for (const char* headers :
       {"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 500\r\n",
        "Content-Length: 2\r\nContent-Length: 500\r\n", "Content-Length: nonsense\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: gzip\r\n"}) {
    RawConnection connection(port_);
    connection.Send(
        absl::StrCat("PATCH /api/1/mutexes/1002 HTTP/1.1\r\n", kHead, headers, "\r\n", smuggled));
    connection.EndSending();
    EXPECT_NE(connection.Reply(), "") << headers;
    EXPECT_TRUE(connection.Ends()) << headers;
  }
  EXPECT_THAT(Exchange(Get("/api/1/mutexes/1001")), Not(HasSubstr("smuggled")));
}

TEST_F(SandboxHttpTest, AnswersWhatItDoesNotUnderstandAndEndsTheConnection) {
  for (const char* request :
       {"nonsense\r\n\r\n", "BREW /api/1/mutexes HTTP/1.1\r\n\r\n", "GET / HTTP/9\r\n\r\n",
        "GET /api/1/mutexes HTTP/1.1\r\nRange: bytes=x\r\n\r\n"}) {
    RawConnection connection(port_);
    connection.Send(request);
    const std::string reply = connection.Reply();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 4")) << request;
    EXPECT_THAT(reply, HasSubstr("{\"error\":")) << request;
    EXPECT_TRUE(connection.Ends()) << request;
  }
  EXPECT_THAT(Exchange(Get("/api/1/mutexes/" + std::string(7000, '1'))),
              StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Exchange(Get("/" + std::string(9000, 'x'))), StartsWith("HTTP/1.1 414"));
  EXPECT_THAT(Exchange(Get("/api/1/mutexes")), StartsWith("HTTP/1.1 200"));
}

TEST_F(SandboxHttpTest, IgnoresRanges) {
  const std::string reply = Exchange(
      absl::StrCat("GET /api/1/mutexes/1001 HTTP/1.1\r\n", kHead, "Range: bytes=0-9\r\n\r\n"));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(reply, HasSubstr("lastModifiedAt"));
}

TEST_F(SandboxHttpTest, EndsTheConnectionWhenAskedTo) {
  RawConnection connection(port_);
  connection.Send(
      absl::StrCat("GET /api/1/mutexes/1001 HTTP/1.1\r\n", kHead, "Connection: close\r\n\r\n"));
  EXPECT_THAT(connection.Reply(), HasSubstr("Connection: close"));
  EXPECT_TRUE(connection.Ends());
}

}  // namespace
}  // namespace mutexd::sandbox
