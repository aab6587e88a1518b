#include "service/app/listen_socket.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/app/temporary_folder.h"

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

ListenAddress Address(const std::string& text) { return *ParseListenAddress(text); }

int ConnectTo(const std::string& path) {
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  path.copy(target.sun_path, sizeof(target.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target));
  const int error = result == 0 ? 0 : errno;
  close(fd);
  return error;
}

TEST(ListenSocket, TellsTheRealPort) {
  const auto socket = ListenSocket::Bind(Address("127.0.0.1:0"));
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_THAT(socket->address(), ::testing::MatchesRegex("127.0.0.1:[1-9][0-9]*"));
}

TEST(ListenSocket, NeverSharesAPort) {
  auto first = ListenSocket::Bind(Address("127.0.0.1:0"));
  ASSERT_TRUE(first.ok() && first->Listen().ok());
  const auto second = ListenSocket::Bind(Address(first->address()));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(std::string(second.status().message()),
            "cannot listen on " + first->address() +
                ": the port is in use; stop who uses it, or choose another");
}

TEST(ListenSocket, SaysThatAnAddressIsNotThisMachines) {
  const auto socket = ListenSocket::Bind(Address("192.0.2.1:0"));
  ASSERT_FALSE(socket.ok());
  EXPECT_THAT(std::string(socket.status().message()), HasSubstr("has no such address"));
}

TEST(ListenSocket, AUnixSocketHasItsModeBeforeAnybodyCanConnect) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  auto socket = ListenSocket::Bind(Address("unix:" + path), {.mode = 0606});
  ASSERT_TRUE(socket.ok()) << socket.status();
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0606u);
  EXPECT_EQ(ConnectTo(path), ECONNREFUSED);
  ASSERT_TRUE(socket->Listen().ok());
  EXPECT_EQ(ConnectTo(path), 0);
}

TEST(ListenSocket, AUnixSocketHasTheGroupThatIsAskedFor) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  const gid_t group = getgid();
  ASSERT_TRUE(ListenSocket::Bind(Address("unix:" + path), {.mode = 0660, .group = group}).ok());
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, group);
}

TEST(ListenSocket, EveryAddressMeansBothFamilies) {
  const auto socket = ListenSocket::Bind(Address("0.0.0.0:0"));
  ASSERT_TRUE(socket.ok()) << socket.status();
  ASSERT_EQ(socket->descriptors().size(), 1u);
}

}  // namespace
}  // namespace mutexd::app
