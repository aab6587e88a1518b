#include "service/rpc/grpc_server.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"

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
  void Serve(grpc::ServerCompletionQueue&) override {}

 private:
  grpc::Service& service_;
};

class GrpcServerTest : public ::testing::Test {
 protected:
  void Start(const std::string& address = "127.0.0.1:0") {
    auto server = GrpcServer::Start(address, {&registered_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::unique_ptr<v1::MutexGroupService::Stub> Stub(const std::string& target) {
    return v1::MutexGroupService::NewStub(
        grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  }
  std::string Target() const { return "127.0.0.1:" + std::to_string(server_->bound_port()); }

  // The status of a call that the server answers by itself.
  grpc::Status CallUnimplemented(const std::string& target, const std::string& token = "") {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    v1::ListMutexGroupsRequest request;
    request.set_page_token(token);
    v1::ListMutexGroupsResponse response;
    return Stub(target)->ListMutexGroups(&context, request, &response);
  }

  std::future<grpc::Status> CallHeld() {
    return std::async(std::launch::async, [stub = Stub(Target())] {
      grpc::ClientContext context;
      v1::GetMutexGroupResponse response;
      return stub->GetMutexGroup(&context, {}, &response);
    });
  }

  HeldService service_;
  Registered registered_{service_};
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(GrpcServerTest, TellsTheRealPort) {
  Start();
  EXPECT_GT(server_->bound_port(), 0);
  EXPECT_EQ(CallUnimplemented(Target()).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(GrpcServerTest, ServesOnAUnixSocket) {
  char folder[] = "/tmp/mutexd_grpc_server_test_XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string socket = std::string("unix:") + folder + "/s.sock";
  Start(socket);
  EXPECT_EQ(CallUnimplemented(socket).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  server_.reset();
  rmdir(folder);
}

TEST_F(GrpcServerTest, NeverSharesAPort) {
  Start();
  HeldService other;
  Registered registered_other(other);
  const auto second = GrpcServer::Start(Target(), {&registered_other});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(std::string(second.status().message()), "cannot listen on " + Target());
}

TEST_F(GrpcServerTest, RefusesRequestsOverFourMebibytes) {
  Start();
  EXPECT_EQ(CallUnimplemented(Target(), std::string(5 << 20, 'x')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(GrpcServerTest, DrainLetsACallUnderWayFinishAndAcceptsNoOther) {
  Start();
  const std::string target = Target();
  auto call = CallHeld();
  grpc::ServerUnaryReactor* held = service_.WaitForCall();
  auto drained = std::async(std::launch::async, [&] { server_->Drain(absl::Minutes(5)); });

  // New connections are refused as soon as the listener is closed.
  grpc::ChannelArguments own_connection;
  own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::Status status;
  do {
    auto channel =
        grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), own_connection);
    grpc::ClientContext context;
    v1::ListMutexGroupsResponse response;
    status = v1::MutexGroupService::NewStub(channel)->ListMutexGroups(&context, {}, &response);
  } while (status.error_code() != grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(call.wait_for(std::chrono::seconds(0)), std::future_status::timeout);

  service_.Release(held);
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(drained.wait_for(std::chrono::minutes(1)), std::future_status::ready);
}

TEST_F(GrpcServerTest, DrainCancelsWhatIsLeftAfterItsTimeout) {
  Start();
  auto call = CallHeld();
  service_.WaitForCall();
  server_->Drain(absl::Milliseconds(1));
  EXPECT_NE(call.get().error_code(), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace mutexd::rpc
