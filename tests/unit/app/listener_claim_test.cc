#include "service/app/listener_claim.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/app/temporary_folder.h"

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

std::string MessageOf(const absl::StatusOr<ListenerClaim>& claim) {
  return claim.ok() ? "was taken" : std::string(claim.status().message());
}

ListenAddress Unix(const std::string& path) {
  ListenAddress address;
  address.unix_path = path;
  return address;
}

// A listening socket that is closed at the end.
class Listener {
 public:
  explicit Listener(const std::string& unix_path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    unix_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
  }
  Listener() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    socklen_t size = sizeof(address);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(fd_); }

  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

TEST(ListenerClaim, OfAFreeTcpAddressIsTaken) {
  EXPECT_EQ(MessageOf(ListenerClaim::Take({.host = "127.0.0.1"})), "was taken");
  EXPECT_EQ(MessageOf(ListenerClaim::Take({.host = "localhost"})), "was taken");
}

TEST(ListenerClaim, NamesThePortInUse) {
  const Listener other;
  EXPECT_EQ(MessageOf(ListenerClaim::Take({.host = "127.0.0.1", .port = other.port()})),
            "cannot listen on 127.0.0.1:" + std::to_string(other.port()) +
                ": the port is in use; stop who uses it, or choose another");
  EXPECT_THAT(MessageOf(ListenerClaim::Take({.host = "localhost", .port = other.port()})),
              HasSubstr("the port is in use"))
      << "one of the name's addresses is enough";
}

TEST(ListenerClaim, NamesAnAddressThatIsNotOfThisMachine) {
  EXPECT_EQ(MessageOf(ListenerClaim::Take({.host = "192.0.2.1", .port = 1234})),
            "cannot listen on 192.0.2.1:1234: Cannot assign requested address");
}

TEST(ListenerClaim, RemovesASocketThatWasLeftBehind) {
  const TemporaryFolder folder;
  { const Listener dead(folder.path("s")); }
  ASSERT_TRUE(std::filesystem::exists(folder.path("s")));
  const auto claim = ListenerClaim::Take(Unix(folder.path("s")));
  EXPECT_EQ(MessageOf(claim), "was taken");
  EXPECT_FALSE(std::filesystem::exists(folder.path("s")));
}

TEST(ListenerClaim, LeavesALiveSocketAlone) {
  const TemporaryFolder folder;
  const Listener live(folder.path("s"));
  EXPECT_EQ(MessageOf(ListenerClaim::Take(Unix(folder.path("s")))),
            "cannot listen on unix:" + folder.path("s") +
                ": another process serves it; stop that, or choose another path");
  EXPECT_TRUE(std::filesystem::exists(folder.path("s")));
}

TEST(ListenerClaim, LeavesOtherFilesAlone) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("s")) << "precious";
  EXPECT_THAT(MessageOf(ListenerClaim::Take(Unix(folder.path("s")))),
              HasSubstr("there is something else than a socket"));
  EXPECT_TRUE(std::filesystem::exists(folder.path("s")));
}

TEST(ListenerClaim, IsHeldByOneAtATime) {
  const TemporaryFolder folder;
  {
    const auto first = ListenerClaim::Take(Unix(folder.path("s")));
    ASSERT_TRUE(first.ok());
    EXPECT_THAT(MessageOf(ListenerClaim::Take(Unix(folder.path("s")))),
                HasSubstr("another process holds it"));
  }
  EXPECT_EQ(MessageOf(ListenerClaim::Take(Unix(folder.path("s")))), "was taken");
}

TEST(ListenerClaim, RemovesItsSocketAtTheEnd) {
  const TemporaryFolder folder;
  {
    const auto claim = ListenerClaim::Take(Unix(folder.path("s")));
    const Listener ours(folder.path("s"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path("s")));
}

TEST(ListenerClaim, SaysThatAFolderIsMissing) {
  const TemporaryFolder folder;
  EXPECT_THAT(MessageOf(ListenerClaim::Take(Unix(folder.path("no/s")))),
              HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace mutexd::app
