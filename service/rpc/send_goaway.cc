#include "service/rpc/send_goaway.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/version_info.h>

#include <future>

// grpc_core::Server::SendGoaways(), which no header offers, of the versions in which a grpc_server
// is a grpc_core::Server; null where the library has none.
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR >= 49 && GRPC_CPP_VERSION_MINOR < 60
extern "C" void SendGoawaysOfServer(grpc_server* server) __asm__(
    "_ZN9grpc_core6Server11SendGoawaysEv") __attribute__((weak));
#else
static constexpr void (*SendGoawaysOfServer)(grpc_server*) = nullptr;
#endif

namespace mutexd::rpc {

bool SendGoaway(grpc::Server& server) {
  if (SendGoawaysOfServer == nullptr) return false;
  // An alarm, since what runs inside gRPC needs a thread of gRPC's; one that is due, so that it
  // waits for no clock.
  std::promise<void> sent;
  grpc::Alarm alarm;
  alarm.Set(gpr_inf_past(GPR_CLOCK_MONOTONIC), [&](bool) {
    SendGoawaysOfServer(server.c_server());
    sent.set_value();
  });
  sent.get_future().wait();
  return true;
}

}  // namespace mutexd::rpc
