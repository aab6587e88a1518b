#include "service/rpc/health_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/unit/rpc/direct_channel.h"

namespace mutexd::rpc {
namespace {

namespace health = ::grpc::health::v1;
using Response = health::HealthCheckResponse;

class HealthServiceTest : public ::testing::Test {
 protected:
  HealthServiceTest() {
    auto server = GrpcServer::Start({}, nullptr, {&health_.service()});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = health::Health::NewStub(ChannelTo(*server_));
  }

  // The status of a service, or the code of the error.
  std::variant<Response::ServingStatus, grpc::StatusCode> Check(const std::string& name) {
    grpc::ClientContext context;
    health::HealthCheckRequest request;
    request.set_service(name);
    Response response;
    const grpc::Status status = stub_->Check(&context, request, &response);
    if (!status.ok()) return status.error_code();
    return response.status();
  }

  std::unique_ptr<grpc::ClientReader<Response>> Watch(grpc::ClientContext& context,
                                                      const std::string& name) {
    health::HealthCheckRequest request;
    request.set_service(name);
    return stub_->Watch(&context, request);
  }

  static Response::ServingStatus Next(grpc::ClientReader<Response>& stream) {
    Response response;
    EXPECT_TRUE(stream.Read(&response)) << "the stream has ended";
    return response.status();
  }

  HealthService health_{{"mutexgroups.v1.MutexGroupService"}};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<health::Health::Stub> stub_;
};

TEST_F(HealthServiceTest, ChecksTheServerAndItsServicesAlike) {
  for (const char* name : {"", "mutexgroups.v1.MutexGroupService"}) {
    health_.SetServing(false);
    EXPECT_EQ(std::get<0>(Check(name)), Response::NOT_SERVING) << name;
    health_.SetServing(true);
    EXPECT_EQ(std::get<0>(Check(name)), Response::SERVING) << name;
  }
}

TEST_F(HealthServiceTest, DoesNotServeUntilItIsTold) {
  EXPECT_EQ(std::get<0>(Check("")), Response::NOT_SERVING);
}

TEST_F(HealthServiceTest, CheckOfAnUnknownServiceIsNotFound) {
  EXPECT_EQ(std::get<1>(Check("mutexgroups.v1.Other")), grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthServiceTest, WatchTellsTheStatusAndItsChanges) {
  grpc::ClientContext context;
  auto stream = Watch(context, "mutexgroups.v1.MutexGroupService");
  EXPECT_EQ(Next(*stream), Response::NOT_SERVING);
  health_.SetServing(true);
  EXPECT_EQ(Next(*stream), Response::SERVING);
  health_.SetServing(true);  // no change: nothing to tell
  health_.SetServing(false);
  EXPECT_EQ(Next(*stream), Response::NOT_SERVING);
  context.TryCancel();
}

TEST_F(HealthServiceTest, WatchOfAnUnknownServiceSaysSoAndGoesOn) {
  grpc::ClientContext context;
  auto stream = Watch(context, "mutexgroups.v1.Other");
  EXPECT_EQ(Next(*stream), Response::SERVICE_UNKNOWN);
  health_.SetServing(true);
  context.TryCancel();
  Response response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(HealthServiceTest, ShutdownTellsWatchersAndEndsTheirStreams) {
  health_.SetServing(true);
  grpc::ClientContext context;
  auto stream = Watch(context, "");
  EXPECT_EQ(Next(*stream), Response::SERVING);

  health_.Shutdown();

  EXPECT_EQ(Next(*stream), Response::NOT_SERVING);
  Response response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  health_.SetServing(true);
  EXPECT_EQ(std::get<0>(Check("")), Response::NOT_SERVING) << "shut down is for good";
}

TEST_F(HealthServiceTest, WatchAfterShutdownIsToldAndEnded) {
  health_.Shutdown();
  grpc::ClientContext context;
  auto stream = Watch(context, "");
  EXPECT_EQ(Next(*stream), Response::NOT_SERVING);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, WatchersThatComeAndGoDuringChangesAreAllTold) {
  std::atomic<bool> stop = false;
  std::thread changes([&] {
    for (bool serving = true; !stop; serving = !serving) {
      health_.SetServing(serving);
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 100; ++i) {
    grpc::ClientContext context;
    auto stream = Watch(context, "");
    const auto first = Next(*stream);
    EXPECT_NE(Next(*stream), first);
    context.TryCancel();
  }
  stop = true;
  changes.join();
}

}  // namespace
}  // namespace mutexd::rpc
