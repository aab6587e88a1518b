// Answers every GetMutexGroup with the message in a file: gRPC's callback API and nothing else. The
// benchmark's ceiling of reads that the gateway answers from memory.
//   mutexd_bench_echo FILE   FILE is a serialized GetMutexGroupResponse; the port goes to stdout.

#include <grpcpp/grpcpp.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include "mutexgroups/v1/mutex_group_service.grpc.pb.h"

namespace {

namespace v1 = ::mutexgroups::v1;

class Echo final : public v1::MutexGroupService::CallbackService {
 public:
  explicit Echo(v1::GetMutexGroupResponse reply) : reply_(std::move(reply)) {}

  grpc::ServerUnaryReactor* GetMutexGroup(grpc::CallbackServerContext* context,
                                          const v1::GetMutexGroupRequest* /*request*/,
                                          v1::GetMutexGroupResponse* response) override {
    *response = reply_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::GetMutexGroupResponse reply_;
};

}  // namespace

int main(int argc, char** argv) {
  v1::GetMutexGroupResponse reply;
  std::ifstream file(argc == 2 ? argv[1] : "", std::ios::binary);
  if (!file || !reply.ParseFromIstream(&file)) {
    std::cerr << "usage: mutexd_bench_echo FILE, a serialized GetMutexGroupResponse\n";
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Echo echo(std::move(reply));
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return 1;
  std::cout << port << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  server->Wait();
  return 0;
}
