#include "service/app/application.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "grpc/health/v1/health.grpc.pb.h"
#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"
#include "tests/unit/app/settings_fixture.h"
#include "tests/unit/app/temporary_folder.h"
#include "tests/unit/telemetry/log_lines.h"

namespace mutexd::app {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace v1 = ::mutexgroups::v1;

Settings SandboxSettings(std::vector<std::string> more = {}) {
  Given given;
  given.arguments = {"--sandbox", "--listen=127.0.0.1:0", "--management=127.0.0.1:0"};
  given.arguments.insert(given.arguments.end(), more.begin(), more.end());
  const Configuration configuration = Load(given);
  EXPECT_THAT(configuration.problems, IsEmpty());
  return configuration.settings;
}

class ApplicationTest : public ::testing::Test {
 protected:
  void Start(const Settings& settings) {
    auto application = Application::Start(settings, captured_.log());
    ASSERT_TRUE(application.ok()) << application.status();
    application_ = *std::move(application);
  }

  std::shared_ptr<grpc::Channel> Channel(const std::string& address) {
    return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  }

  int Http(const std::string& path) {
    httplib::Client client("http://" + application_->management_address());
    const auto reply = client.Get(path);
    return reply ? reply->status : 0;
  }

  telemetry::CapturedLog captured_;
  std::unique_ptr<Application> application_;
};

TEST_F(ApplicationTest, ServesTheSandboxOnEveryListener) {
  const TemporaryFolder folder;
  Start(SandboxSettings({"--listen=unix:" + folder.path("s")}));
  ASSERT_EQ(application_->grpc_addresses().size(), 2u);
  for (const std::string& address : application_->grpc_addresses()) {
    grpc::ClientContext context;
    v1::ListMutexGroupsResponse response;
    const grpc::Status status =
        v1::MutexGroupService::NewStub(Channel(address))->ListMutexGroups(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << address << ": " << status.error_message();
    EXPECT_GT(response.mutex_groups_size(), 0);
  }
  EXPECT_EQ(Http("/readyz"), 200);
  application_->Drain();
  const auto addresses = application_->grpc_addresses();
  application_.reset();
  const auto lines = captured_.TakeLines();
  for (const std::string& address : addresses) {
    EXPECT_THAT(lines, Contains(HasSubstr(R"("msg":"listening","listener":"grpc","address":")" +
                                          address + "\"")));
  }
}

TEST_F(ApplicationTest, DrainTurnsReadinessAndHealthOff) {
  Start(SandboxSettings({"--drain-timeout=1s"}));
  const auto channel = Channel(application_->grpc_addresses()[0]);
  grpc::ClientContext context;
  auto watch = grpc::health::v1::Health::NewStub(channel)->Watch(&context, {});
  grpc::health::v1::HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);

  application_->Drain();

  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Http("/readyz"), 503);
  EXPECT_EQ(Http("/healthz"), 200);
}

TEST_F(ApplicationTest, CanBeEndedWithoutADrain) {
  Start(SandboxSettings());
  application_.reset();
}

// Listens, and never answers who connects.
class SilentServer {
 public:
  SilentServer() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(fd_); }

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }
  // Accepts, and holds the connection open.
  int Accept() { return accept(fd_, nullptr, nullptr); }

 private:
  int fd_;
  int port_ = 0;
};

TEST_F(ApplicationTest, EndsCallsUnderWayWhenItIsEndedWithoutADrain) {
  SilentServer amplitude;
  Settings settings = SandboxSettings();
  settings.sandbox = false;
  settings.amplitude_url = amplitude.url();
  settings.amplitude_management_key = "ampex_0123456789";
  Start(settings);
  auto call = std::async(
      std::launch::async,
      [stub = v1::MutexGroupService::NewStub(Channel(application_->grpc_addresses()[0]))] {
        grpc::ClientContext context;
        v1::UpdateMutexGroupRequest request;
        request.mutable_mutex_group()->set_id("1");
        request.mutable_mutex_group()->set_name("New");
        v1::UpdateMutexGroupResponse response;
        return stub->UpdateMutexGroup(&context, request, &response);
      });
  const int connection = amplitude.Accept();
  application_.reset();
  EXPECT_FALSE(call.get().ok());
  close(connection);
}

TEST_F(ApplicationTest, NeedsNoManagementPort) {
  Start(SandboxSettings({"--management=off"}));
  EXPECT_EQ(application_->management_address(), "");
}

TEST_F(ApplicationTest, NamesThePortThatIsTaken) {
  Start(SandboxSettings());
  const std::string taken = application_->grpc_addresses()[0];
  for (const char* flag : {"--listen=", "--management="}) {
    const auto second = Application::Start(SandboxSettings({flag + taken}), captured_.log());
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(std::string(second.status().message()),
                AllOf(HasSubstr(taken), HasSubstr("the port is in use")));
  }
}

TEST_F(ApplicationTest, SaysThatTheSandboxCannotStart) {
  const TemporaryFolder folder;
  const auto application = Application::Start(
      SandboxSettings({"--sandbox-state=" + folder.path("no/such/folder/state.json")}),
      captured_.log());
  ASSERT_FALSE(application.ok());
  EXPECT_THAT(std::string(application.status().message()), HasSubstr("state.json"));
}

TEST_F(ApplicationTest, WarnsOfCallsFromOtherMachines) {
  Start(SandboxSettings({"--listen=0.0.0.0:0", "--allow-plaintext"}));
  application_.reset();
  EXPECT_THAT(captured_.TakeLines(),
              Contains(AllOf(HasSubstr("\"level\":\"warning\""),
                             HasSubstr("neither encrypted nor authenticated"))));
}

}  // namespace
}  // namespace mutexd::app
