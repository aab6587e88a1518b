#include "service/app/connection_acceptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "service/app/open_connections.h"
#include "tests/unit/app/temporary_folder.h"

namespace mutexd::app {
namespace {

// Remembers what happens, and lets a test wait for it.
class RecordingObserver final : public AcceptObserver {
 public:
  bool OnAccepted(int) override {
    Note([this] { ++accepted; });
    return accept;
  }
  void OnPaused(int error) override {
    Note([this, error] { paused = error; });
  }
  void OnResumed() override {
    Note([this] { resumed = true; });
  }

  template <typename Condition>
  void WaitFor(Condition condition) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::minutes(1), condition));
  }

  std::atomic<bool> accept = true;
  int accepted = 0;
  int paused = 0;
  bool resumed = false;

 private:
  template <typename Change>
  void Note(Change change) {
    const std::lock_guard lock(mutex);
    change();
    changed.notify_all();
  }
  std::mutex mutex;
  std::condition_variable changed;
};

class ConnectionAcceptorTest : public ::testing::Test {
 protected:
  ConnectionAcceptorTest() {
    auto socket = ListenSocket::Bind(*ParseListenAddress("unix:" + path_));
    EXPECT_TRUE(socket.ok()) << socket.status();
    auto started = ConnectionAcceptor::Start(
        *std::move(socket), [this](int descriptor) { taken_ = descriptor; }, observer_);
    EXPECT_TRUE(started.ok()) << started.status();
    acceptor_ = *std::move(started);
  }
  ~ConnectionAcceptorTest() override {
    acceptor_.reset();
    if (taken_ >= 0) close(taken_);
  }

  // Before descriptors run out.
  static int Socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }
  int Connect(int fd) const {
    sockaddr_un target{};
    target.sun_family = AF_UNIX;
    path_.copy(target.sun_path, sizeof(target.sun_path) - 1);
    return connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target));
  }

  const TemporaryFolder folder_;
  const std::string path_ = folder_.path("s");
  RecordingObserver observer_;
  std::atomic<int> taken_ = -1;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
};

TEST_F(ConnectionAcceptorTest, HandsOverWhatItAccepts) {
  const int client = Socket();
  ASSERT_EQ(Connect(client), 0);
  observer_.WaitFor([this] { return observer_.accepted == 1; });
  acceptor_.reset();
  EXPECT_GE(taken_.load(), 0);
  close(client);
}

TEST_F(ConnectionAcceptorTest, ClosesWhatIsRefused) {
  observer_.accept = false;
  const int client = Socket();
  ASSERT_EQ(Connect(client), 0);
  char byte;
  EXPECT_EQ(read(client, &byte, 1), 0) << "not the end of the connection";
  EXPECT_EQ(taken_.load(), -1);
  close(client);
}

TEST_F(ConnectionAcceptorTest, GoesOnWhenDescriptorsAreFreeAgain) {
  const int client = Socket();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{static_cast<rlim_t>(client) + 1, before.rlim_max};
  // Every number below the limit is taken.
  std::vector<int> fillers;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int fd = dup(0); fd >= 0; fd = dup(0)) fillers.push_back(fd);
  ASSERT_EQ(errno, EMFILE);

  ASSERT_EQ(Connect(client), 0) << "it waits in the kernel's queue";
  observer_.WaitFor([this] { return observer_.paused == EMFILE; });
  EXPECT_EQ(observer_.accepted, 0);

  setrlimit(RLIMIT_NOFILE, &before);
  observer_.WaitFor([this] { return observer_.accepted == 1; });
  EXPECT_TRUE(observer_.resumed);
  for (const int fd : fillers) close(fd);
  close(client);
}

TEST(OpenConnections, CountsUntilTheDescriptorIsClosed) {
  OpenConnections open(2);
  int ends[4];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends + 2), 0);
  EXPECT_TRUE(open.Add(ends[0]));
  EXPECT_TRUE(open.Add(ends[1]));
  EXPECT_FALSE(open.Add(ends[2])) << "one too many";
  EXPECT_EQ(open.Count(), 2u);
  close(ends[0]);
  EXPECT_EQ(open.Count(), 1u);
  EXPECT_TRUE(open.Add(ends[2]));
  EXPECT_FALSE(open.Add(ends[3]));
  close(ends[1]);
  EXPECT_TRUE(open.Add(ends[3])) << "room is found when it is needed";
  close(ends[2]);
  close(ends[3]);
  EXPECT_EQ(open.Count(), 0u);
}

TEST(OpenConnections, IsNotFooledByANewSocketOfTheSameNumber) {
  OpenConnections open(10);
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_TRUE(open.Add(ends[0]));
  const int other = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(dup2(other, ends[0]), ends[0]);
  EXPECT_EQ(open.Count(), 0u);
  close(ends[0]);
  close(ends[1]);
  close(other);
}

}  // namespace
}  // namespace mutexd::app
