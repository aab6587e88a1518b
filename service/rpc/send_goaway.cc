#include "service/rpc/send_goaway.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/version_info.h>

#include <chrono>
#include <future>
#include <memory>

// grpc_core::Server::SendGoaways(), which no header offers, of the versions in which a grpc_server
// is a grpc_core::Server; null where the library has none.
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR >= 49 && GRPC_CPP_VERSION_MINOR < 60
extern "C" void SendGoawaysOfServer(grpc_server* server) __asm__(
    "_ZN9grpc_core6Server11SendGoawaysEv") __attribute__((weak));
#else
static constexpr void (*SendGoawaysOfServer)(grpc_server*) = nullptr;
#endif

namespace mutexd::rpc {
namespace {

constexpr std::chrono::seconds kPatience{2};

}  // namespace

bool SendGoaway(grpc::Server& server) {
  if (SendGoawaysOfServer == nullptr) return false;
  // An alarm, since what runs inside gRPC needs a thread of gRPC's; one that is due, so that it
  // waits for no clock. An end must not hang on threads that do not come to it.
  const auto sent = std::make_shared<std::promise<void>>();
  std::future<void> done = sent->get_future();
  grpc::Alarm alarm;
  alarm.Set(gpr_inf_past(GPR_CLOCK_MONOTONIC), [sent, &server](bool due) {
    if (due) SendGoawaysOfServer(server.c_server());
    sent->set_value();
  });
  return done.wait_for(kPatience) == std::future_status::ready;
}

}  // namespace mutexd::rpc
