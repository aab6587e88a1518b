#include "service/app/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "tests/unit/app/temporary_folder.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

constexpr pid_t kSelf = 77;

// What systemd listens on.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& address) : socket_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::copy(address.begin(), address.end(), name.sun_path);
    if (address[0] == '@') name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&name), size), 0);
  }
  ~NotifySocket() { close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // What has arrived.
  std::vector<std::string> Take() {
    std::vector<std::string> messages;
    char buffer[4096];
    for (ssize_t size; (size = recv(socket_, buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0;) {
      messages.emplace_back(buffer, size);
    }
    return messages;
  }

 private:
  int socket_;
};

class ServiceManagerTest : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string path_ = folder_.path("notify");
  telemetry::CapturedLog captured_;
};

TEST_F(ServiceManagerTest, IsToldWhatHappensInItsOwnWords) {
  NotifySocket socket(path_);
  ServiceManager manager({{"NOTIFY_SOCKET", path_}}, kSelf, captured_.log());
  manager.Ready("serving on 127.0.0.1:50051");
  manager.Alive();
  manager.Reloading();
  manager.Stopping(absl::Seconds(25));
  EXPECT_THAT(socket.Take(),
              ElementsAre("READY=1\nSTATUS=serving on 127.0.0.1:50051", "WATCHDOG=1",
                          MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]+\nSTATUS=[^\n]+"),
                          MatchesRegex("STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000\nSTATUS=[^\n]+")));
  EXPECT_THAT(captured_.TakeLines(), IsEmpty());
}

TEST_F(ServiceManagerTest, MayListenOnAnAbstractSocket) {
  const std::string name = absl::StrCat("@mutexd-test-", path_);
  NotifySocket socket(name);
  ServiceManager manager({{"NOTIFY_SOCKET", name}}, kSelf, captured_.log());
  manager.Alive();
  EXPECT_THAT(socket.Take(), ElementsAre("WATCHDOG=1"));
}

TEST_F(ServiceManagerTest, GetsAReasonOfOneLine) {
  NotifySocket socket(path_);
  ServiceManager manager({{"NOTIFY_SOCKET", path_}}, kSelf, captured_.log());
  manager.Failed("no key\nREADY=1");
  EXPECT_THAT(socket.Take(), ElementsAre("STATUS=no key READY=1"));
}

TEST_F(ServiceManagerTest, NeedNotBeThere) {
  ServiceManager manager({{"WATCHDOG_USEC", "1000000"}}, kSelf, captured_.log());
  manager.Ready("serving");
  manager.Alive();
  EXPECT_EQ(manager.alive_interval(), std::nullopt);
  EXPECT_THAT(captured_.TakeLines(), IsEmpty());
}

TEST_F(ServiceManagerTest, WaitsForASignOfLifeTwiceAsLongAsItIsTold) {
  const std::map<std::string, std::string> environment = {{"NOTIFY_SOCKET", path_},
                                                          {"WATCHDOG_USEC", "30000000"}};
  auto with_pid = [&](const char* pid) {
    auto variables = environment;
    variables["WATCHDOG_PID"] = pid;
    return ServiceManager(variables, kSelf, captured_.log()).alive_interval();
  };
  EXPECT_EQ(ServiceManager(environment, kSelf, captured_.log()).alive_interval(),
            absl::Seconds(15));
  EXPECT_EQ(with_pid("77"), absl::Seconds(15));
  EXPECT_EQ(with_pid("78"), std::nullopt) << "meant for another process";
}

TEST_F(ServiceManagerTest, DoesNotWaitForASignOfLifeWithoutATime) {
  for (const char* time : {"", "0", "-5", "soon"}) {
    const std::map<std::string, std::string> environment = {{"NOTIFY_SOCKET", path_},
                                                            {"WATCHDOG_USEC", time}};
    EXPECT_EQ(ServiceManager(environment, kSelf, captured_.log()).alive_interval(), std::nullopt)
        << time;
  }
}

TEST_F(ServiceManagerTest, ThatHasGoneIsOneWarning) {
  ServiceManager manager({{"NOTIFY_SOCKET", path_}}, kSelf, captured_.log());
  manager.Ready("serving");
  manager.Alive();
  EXPECT_THAT(captured_.TakeLines(),
              ElementsAre(AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr(path_),
                                HasSubstr("No such file"))));
}

TEST_F(ServiceManagerTest, AtAnAddressOfAnotherKindIsAWarning) {
  const std::string too_long = absl::StrCat("/", std::string(200, 'x'));
  for (const std::string& address : {std::string("vsock:2:1234"), too_long}) {
    telemetry::CapturedLog captured;
    ServiceManager manager({{"NOTIFY_SOCKET", address}}, kSelf, captured.log());
    manager.Ready("serving");
    EXPECT_THAT(captured.TakeLines(), ElementsAre(HasSubstr(address)));
  }
}

// A queue that nobody empties must not hold up the event loop.
TEST_F(ServiceManagerTest, ThatDoesNotListenHoldsNobodyUp) {
  NotifySocket socket(path_);
  ServiceManager manager({{"NOTIFY_SOCKET", path_}}, kSelf, captured_.log());
  for (int i = 0; i < 10'000; ++i) manager.Alive();
  EXPECT_LT(socket.Take().size(), 10'000u) << "the queue was never full";
  EXPECT_THAT(captured_.TakeLines(), ElementsAre(HasSubstr("temporarily unavailable")));
}

}  // namespace
}  // namespace mutexd::app
