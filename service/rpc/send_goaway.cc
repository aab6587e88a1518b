#include "service/rpc/send_goaway.h"

#include <grpcpp/alarm.h>
#include <grpcpp/version_info.h>

#include <chrono>
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
  // An alarm, since what runs inside gRPC needs a thread of gRPC's.
  std::promise<void> sent;
  grpc::Alarm alarm;
  alarm.Set(std::chrono::system_clock::now(), [&](bool) {
    SendGoawaysOfServer(server.c_server());
    sent.set_value();
  });
  sent.get_future().wait();
  return true;
}

}  // namespace mutexd::rpc
