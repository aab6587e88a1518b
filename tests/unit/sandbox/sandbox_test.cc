#include "service/sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace mutexd::sandbox {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

absl::Status StartError(const SandboxOptions& options) { return Sandbox::Start(options).status(); }

int PortOf(const Sandbox& sandbox) {
  return std::stoi(sandbox.url().substr(sandbox.url().rfind(':') + 1));
}

httplib::Client ClientOf(const Sandbox& sandbox) {
  httplib::Client client(sandbox.url());
  client.set_bearer_token_auth(std::string(kDefaultKey));
  return client;
}

TEST(Sandbox, StartsOnAFreePortOfLoopback) {
  const auto sandbox = Sandbox::Start({});
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  EXPECT_THAT((*sandbox)->url(), StartsWith("http://127.0.0.1:"));
  EXPECT_EQ((*sandbox)->group_count(), 6);
  const auto reply = ClientOf(**sandbox).Get("/api/1/mutexes/1001");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
}

TEST(Sandbox, ListensOnIpv6) {
  SandboxOptions options;
  options.host = "::1";
  const auto sandbox = Sandbox::Start(options);
  if (!sandbox.ok()) GTEST_SKIP() << "no IPv6 here: " << sandbox.status();
  EXPECT_THAT((*sandbox)->url(), StartsWith("http://[::1]:"));
  httplib::Client client("::1", PortOf(**sandbox));
  EXPECT_EQ(client.Get("/api/1/mutexes")->status, 401);
}

TEST(Sandbox, RefusesOptionsOutOfTheirRange) {
  const auto refused = [](auto change) {
    SandboxOptions options;
    change(options);
    return StartError(options).code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.port = -1; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.port = 65536; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.generated_groups = -1; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.generated_groups = kMaxGeneratedGroups + 1; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.quota.per_second = -1; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.quota.per_day = -1; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.slot_index_base = 2; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.write_visibility_lag = -absl::Seconds(1); }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.faults.latency = -absl::Seconds(1); }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.faults.fail_rate = 1.5; }));
  EXPECT_TRUE(refused([](SandboxOptions& o) { o.faults.fail_rate = std::nan(""); }));
}

TEST(Sandbox, LeavesLoopbackOnlyWhenToldTo) {
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "not-an-address", ""}) {
    SandboxOptions options;
    options.host = host;
    const absl::Status status = StartError(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << host;
    EXPECT_THAT(std::string(status.message()), HasSubstr("loopback only")) << host;
  }
  SandboxOptions options;
  options.host = "0.0.0.0";
  options.allow_remote = true;
  EXPECT_TRUE(Sandbox::Start(options).ok());
  options.host = "not-an-address";
  EXPECT_THAT(std::string(StartError(options).message()), HasSubstr("numeric address"));
}

TEST(Sandbox, NeverSharesItsPort) {
  const auto first = Sandbox::Start({});
  ASSERT_TRUE(first.ok()) << first.status();
  SandboxOptions options;
  options.port = PortOf(**first);
  const absl::Status status = StartError(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("port ", options.port)));
  (*first)->Stop();
  EXPECT_TRUE(Sandbox::Start(options).ok()) << "the port is free again";
}

TEST(Sandbox, BeginsWithTheGroupsAskedFor) {
  SandboxOptions options;
  options.sample_groups = false;
  EXPECT_EQ((*Sandbox::Start(options))->group_count(), 0);
  options.generated_groups = 30;
  EXPECT_EQ((*Sandbox::Start(options))->group_count(), 30);
  options.sample_groups = true;
  EXPECT_EQ((*Sandbox::Start(options))->group_count(), 36);
}

TEST(Sandbox, PassesItsOptionsOn) {
  SandboxOptions options;
  options.keys = {{"mine", KeyState::kValid}};
  options.quota.per_second = 0;
  options.slot_index_base = 0;
  options.hide_archived = true;
  options.taken_keys = {"a-flag"};
  const auto sandbox = Sandbox::Start(options);
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  httplib::Client client = ClientOf(**sandbox);
  EXPECT_EQ(client.Get("/api/1/mutexes")->status, 401);
  client.set_bearer_token_auth("mine");
  EXPECT_EQ(client.Get("/api/1/mutexes")->status, 200);
  EXPECT_EQ(client.Get("/api/1/mutexes/1006")->status, 404);
  EXPECT_EQ(client.Patch("/api/1/mutexes/1001/slots/0", "{}", "application/json")->status, 200);
  EXPECT_EQ(client
                .Post("/api/1/mutexes",
                      R"({"projectId":1,"name":"n","key":"a-flag","slots":[{"percentage":100}]})",
                      "application/json")
                ->status,
            409);
  for (int i = 0; i < 150; ++i) ASSERT_EQ(client.Get("/api/1/mutexes/1001")->status, 200);
}

TEST(Sandbox, ShowsWritesAfterTheLag) {
  SandboxOptions options;
  options.write_visibility_lag = absl::Hours(1);
  const auto sandbox = Sandbox::Start(options);
  httplib::Client client = ClientOf(**sandbox);
  EXPECT_EQ(client.Patch("/api/1/mutexes/1001", R"({"name":"new"})", "application/json")->body,
            "OK");
  EXPECT_THAT(client.Get("/api/1/mutexes/1001")->body, HasSubstr(R"("name":"Checkout")"));
}

TEST(Sandbox, FailsTheShareOfRequestsAskedFor) {
  SandboxOptions options;
  options.faults.fail_rate = 0.5;
  const auto sandbox = Sandbox::Start(options);
  httplib::Client client = ClientOf(**sandbox);
  EXPECT_EQ(client.Get("/api/1/mutexes")->status, 200);
  EXPECT_EQ(client.Get("/api/1/mutexes")->status, 503);
  EXPECT_EQ(client.Get("/api/1/mutexes")->status, 200);
  EXPECT_EQ(client.Get("/api/1/mutexes")->status, 503);
}

class SandboxStateTest : public testing::Test {
 protected:
  SandboxStateTest() {
    std::string pattern = testing::TempDir() + "/sandbox-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    options_.state_file = folder_ / "state.json";
  }
  ~SandboxStateTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  SandboxOptions options_;
};

TEST_F(SandboxStateTest, KeepsItsGroupsBetweenRuns) {
  {
    const auto sandbox = Sandbox::Start(options_);
    ASSERT_TRUE(sandbox.ok()) << sandbox.status();
    httplib::Client client = ClientOf(**sandbox);
    ASSERT_EQ(
        client
            .Post("/api/1/mutexes", R"({"projectId":1,"name":"Kept","slots":[{"percentage":100}]})",
                  "application/json")
            ->status,
        200);
    ASSERT_EQ(
        client.Patch("/api/1/mutexes/1001", R"({"archive":true})", "application/json")->status,
        200);
  }
  options_.generated_groups = 50;  // for new files only
  const auto sandbox = Sandbox::Start(options_);
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  EXPECT_EQ((*sandbox)->group_count(), 7);
  httplib::Client client = ClientOf(**sandbox);
  EXPECT_THAT(client.Get("/api/1/mutexes/1007")->body, HasSubstr("Kept"));
  EXPECT_THAT(client.Get("/api/1/mutexes/1001")->body, HasSubstr(R"("deleted":true)"));
}

TEST_F(SandboxStateTest, DoesNotOverwriteACorruptFile) {
  std::ofstream(options_.state_file) << "{\"version\":1,\"mutexes\":[{}]}";
  const absl::Status status = StartError(options_);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("mutexes[0].id is required"));
  std::string text;
  std::getline(std::ifstream(options_.state_file), text);
  EXPECT_EQ(text, "{\"version\":1,\"mutexes\":[{}]}");
}

TEST_F(SandboxStateTest, SharesItsFileWithNobody) {
  const auto first = Sandbox::Start(options_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(StartError(options_).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SandboxStateTest, NoticesAtOnceThatItCannotWrite) {
  options_.state_file = folder_ / "absent" / "state.json";
  EXPECT_FALSE(Sandbox::Start(options_).ok());
  std::filesystem::create_directory(folder_ / "state.json.tmp");
  options_.state_file = folder_ / "state.json";
  EXPECT_FALSE(Sandbox::Start(options_).ok());
}

TEST_F(SandboxStateTest, RefusesAWriteThatCannotBeKept) {
  const auto sandbox = Sandbox::Start(options_);
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  std::filesystem::create_directory(folder_ / "state.json.tmp");
  httplib::Client client = ClientOf(**sandbox);
  EXPECT_EQ(client.Patch("/api/1/mutexes/1001", R"({"name":"new"})", "application/json")->status,
            500);
  EXPECT_THAT(client.Get("/api/1/mutexes/1001")->body, HasSubstr(R"("name":"Checkout")"));
}

}  // namespace
}  // namespace mutexd::sandbox
