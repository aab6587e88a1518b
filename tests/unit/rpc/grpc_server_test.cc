#include "service/rpc/grpc_server.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>

#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"
#include "tests/unit/rpc/direct_channel.h"

namespace mutexd::rpc {
namespace {

namespace v1 = ::mutexgroups::v1;

// Holds every GetMutexGroup until it is released or cancelled.
class HeldService final : public v1::MutexGroupService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetMutexGroup(grpc::CallbackServerContext*,
                                          const v1::GetMutexGroupRequest*,
                                          v1::GetMutexGroupResponse*) override {
    class Held final : public grpc::ServerUnaryReactor {
     public:
      explicit Held(HeldService& service) : service_(service) {}
      void OnDone() override { delete this; }
      void OnCancel() override {
        if (!service_.released_) Finish(grpc::Status::CANCELLED);
      }

     private:
      HeldService& service_;
    };
    auto* held = new Held(*this);
    arrived_.set_value(held);
    return held;
  }

  // Waits for the call.
  grpc::ServerUnaryReactor* WaitForCall() { return arrived_.get_future().get(); }
  void Release(grpc::ServerUnaryReactor* call) {
    released_ = true;
    call->Finish(grpc::Status::OK);
  }

 private:
  std::promise<grpc::ServerUnaryReactor*> arrived_;
  std::atomic<bool> released_ = false;
};

// For GrpcServer, a service that needs no completion queue.
class Registered final : public AsyncService {
 public:
  explicit Registered(grpc::Service& service) : service_(service) {}
  grpc::Service& service() override { return service_; }
  void Serve(CallSource&) override {}

 private:
  grpc::Service& service_;
};

class GrpcServerTest : public ::testing::Test {
 protected:
  void Start(const GrpcLimits& limits = {}) {
    auto server = GrpcServer::Start(limits, nullptr, {&registered_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // The status of a call that the server answers by itself.
  static grpc::Status CallUnimplemented(const std::shared_ptr<grpc::Channel>& channel,
                                        const std::string& token = "") {
    grpc::ClientContext context;
    v1::ListMutexGroupsRequest request;
    request.set_page_token(token);
    v1::ListMutexGroupsResponse response;
    return v1::MutexGroupService::NewStub(channel)->ListMutexGroups(&context, request, &response);
  }

  static std::future<grpc::Status> CallHeld(const std::shared_ptr<grpc::Channel>& channel) {
    return std::async(std::launch::async, [stub = v1::MutexGroupService::NewStub(channel)] {
      grpc::ClientContext context;
      v1::GetMutexGroupResponse response;
      return stub->GetMutexGroup(&context, {}, &response);
    });
  }

  HeldService service_;
  Registered registered_{service_};
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(GrpcServerTest, ServesTheConnectionsThatItIsGiven) {
  Start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(CallUnimplemented(ChannelTo(*server_)).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_F(GrpcServerTest, ClosesAConnectionWhosePeerHasGone) {
  Start();
  const int unconnected = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  server_->Serve(unconnected);
  EXPECT_EQ(fcntl(unconnected, F_GETFD), -1);
}

TEST_F(GrpcServerTest, RefusesRequestsOverFourMebibytes) {
  Start();
  EXPECT_EQ(CallUnimplemented(ChannelTo(*server_), std::string(5 << 20, 'x')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(GrpcServerTest, SendsAnOldConnectionAwayAndLetsItsCallsFinish) {
  Start({.max_connection_age = absl::Milliseconds(200)});
  const auto channel = ChannelTo(*server_);
  auto call = CallHeld(channel);
  grpc::ServerUnaryReactor* held = service_.WaitForCall();
  // The channel cannot connect again.
  while (CallUnimplemented(channel).error_code() != grpc::StatusCode::UNAVAILABLE) {
  }
  service_.Release(held);
  EXPECT_TRUE(call.get().ok());
}

TEST_F(GrpcServerTest, SendsClientsAwayAndLetsTheirCallsFinish) {
  Start();
  const auto channel = ChannelTo(*server_);
  auto call = CallHeld(channel);
  grpc::ServerUnaryReactor* held = service_.WaitForCall();
  ASSERT_TRUE(server_->SendClientsAway());
  // The channel cannot connect again. A call that the news crossed is still taken.
  grpc::StatusCode code = grpc::StatusCode::UNIMPLEMENTED;
  while (code == grpc::StatusCode::UNIMPLEMENTED) code = CallUnimplemented(channel).error_code();
  EXPECT_EQ(code, grpc::StatusCode::UNAVAILABLE);
  service_.Release(held);
  EXPECT_TRUE(call.get().ok());
}

TEST_F(GrpcServerTest, DrainLetsACallUnderWayFinishAndTakesNoOther) {
  Start();
  const auto channel = ChannelTo(*server_);
  auto call = CallHeld(channel);
  grpc::ServerUnaryReactor* held = service_.WaitForCall();
  auto drained = std::async(std::launch::async, [&] { server_->Drain(absl::Minutes(5)); });
  while (CallUnimplemented(channel).error_code() != grpc::StatusCode::UNAVAILABLE) {
  }
  EXPECT_EQ(call.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  service_.Release(held);
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(drained.wait_for(std::chrono::minutes(1)), std::future_status::ready);
}

TEST_F(GrpcServerTest, DrainCancelsWhatIsLeftAfterItsTimeout) {
  Start();
  auto call = CallHeld(ChannelTo(*server_));
  service_.WaitForCall();
  server_->Drain(absl::Milliseconds(1));
  EXPECT_NE(call.get().error_code(), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace mutexd::rpc
