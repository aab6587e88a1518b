#include "service/app/management_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <future>
#include <vector>

namespace mutexd::app {
namespace {

using ::testing::HasSubstr;

class ManagementServerTest : public ::testing::Test {
 protected:
  ManagementServerTest() {
    auto server = ManagementServer::Start(
        {.host = "127.0.0.1"}, stage_,
        {.metrics = [] { return "some_metric 1\n"; },
         .status = [](const std::string& refresh) { return "page " + refresh; },
         .status_json = [] { return "{}"; }});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  httplib::Result Get(const std::string& path) {
    httplib::Client client("http://" + server_->address());
    return client.Get(path);
  }

  std::atomic<Stage> stage_ = Stage::kStarting;
  std::unique_ptr<ManagementServer> server_;
};

TEST_F(ManagementServerTest, IsReadyOnlyWhileServing) {
  EXPECT_EQ(Get("/readyz")->status, 503);
  EXPECT_THAT(Get("/readyz")->body, HasSubstr("starting"));
  stage_ = Stage::kServing;
  EXPECT_EQ(Get("/readyz")->status, 200);
  stage_ = Stage::kDraining;
  EXPECT_EQ(Get("/readyz")->status, 503);
  EXPECT_THAT(Get("/readyz")->body, HasSubstr("draining"));
}

TEST_F(ManagementServerTest, LivesInEveryStage) {
  for (const Stage stage : {Stage::kStarting, Stage::kServing, Stage::kDraining}) {
    stage_ = stage;
    EXPECT_EQ(Get("/healthz")->status, 200);
  }
}

TEST_F(ManagementServerTest, ServesMetricsAsPrometheusReadsThem) {
  const auto reply = Get("/metrics");
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "some_metric 1\n");
  EXPECT_THAT(reply->get_header_value("Content-Type"), HasSubstr("text/plain; version=0.0.4"));
}

TEST_F(ManagementServerTest, SaysWhereToLookWhenAPathIsUnknown) {
  const auto reply = Get("/");
  EXPECT_EQ(reply->status, 404);
  EXPECT_THAT(reply->body, HasSubstr("/readyz"));
}

TEST_F(ManagementServerTest, IdleConnectionsDoNotLockOutOthers) {
  std::vector<std::unique_ptr<httplib::Client>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<httplib::Client>("http://" + server_->address()));
    clients.back()->set_keep_alive(true);
    ASSERT_TRUE(clients.back()->Get("/healthz")) << i;
  }
  EXPECT_EQ(Get("/healthz")->status, 200);
}

TEST_F(ManagementServerTest, NeverSharesItsPort) {
  const auto address = ParseListenAddress(server_->address());
  ASSERT_TRUE(address.ok());
  const auto second = ManagementServer::Start(*address, stage_, ManagementPages());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(std::string(second.status().message()), "cannot listen on " + server_->address());
}

}  // namespace
}  // namespace mutexd::app
