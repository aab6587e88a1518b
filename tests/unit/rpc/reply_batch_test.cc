#include "service/rpc/reply_batch.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/unit/rpc/tcp_pair.h"

namespace mutexd::rpc {
namespace {

bool IsHeld(int descriptor) {
  int on = -1;
  socklen_t size = sizeof(on);
  EXPECT_EQ(getsockopt(descriptor, IPPROTO_TCP, TCP_CORK, &on, &size), 0);
  return on == 1;
}

TEST(ReplyBatch, HoldsItsConnectionsUntilItsEnd) {
  const TcpPair one;
  const TcpPair two;
  const TcpPair other;
  {
    ReplyBatch batch;
    for (const int descriptor : {one.accepted(), two.accepted(), one.accepted()}) {
      batch.Add(descriptor);
      ASSERT_EQ(send(descriptor, "reply ", 6, 0), 6);
    }
    EXPECT_TRUE(IsHeld(one.accepted()));
    EXPECT_TRUE(IsHeld(two.accepted()));
    EXPECT_FALSE(IsHeld(other.accepted()));
  }
  EXPECT_FALSE(IsHeld(one.accepted()));
  EXPECT_FALSE(IsHeld(two.accepted()));
  std::string received(12, '\0');
  EXPECT_EQ(recv(one.connecting(), received.data(), 12, MSG_WAITALL), 12);
  EXPECT_EQ(received, "reply reply ");
}

TEST(ReplyBatch, LeavesAloneWhatIsNoTcpConnection) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  {
    ReplyBatch batch;
    batch.Add(ends[0]);
    batch.Add(ends[0]);
    ASSERT_EQ(send(ends[0], "reply", 5, 0), 5);
    char received[5];
    EXPECT_EQ(recv(ends[1], received, 5, 0), 5);
    close(ends[0]);
    close(ends[1]);
  }
}

}  // namespace
}  // namespace mutexd::rpc
