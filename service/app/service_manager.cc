#include "service/app/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace mutexd::app {
namespace {

// How long the manager may leave its queue full before a message to it is given up.
constexpr int kPatienceSeconds = 5;
// What ending takes besides the drain: the last writes, and the threads' ends.
constexpr absl::Duration kTimeToEnd = absl::Seconds(10);

std::string ValueOf(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::optional<absl::Duration> AliveInterval(const std::map<std::string, std::string>& environment,
                                            pid_t self) {
  std::int64_t microseconds = 0;
  if (!absl::SimpleAtoi(ValueOf(environment, "WATCHDOG_USEC"), &microseconds) ||
      microseconds <= 0) {
    return std::nullopt;
  }
  // The variables may be inherited from a process that they were meant for.
  const std::string pid = ValueOf(environment, "WATCHDOG_PID");
  if (!pid.empty() && pid != absl::StrCat(self)) return std::nullopt;
  return absl::Microseconds(microseconds) / 2;
}

// A message's lines are assignments, so a value has no line breaks.
std::string Status(absl::string_view text) {
  return absl::StrCat("STATUS=", absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}}));
}

std::int64_t MonotonicMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::ToInt64Microseconds(absl::DurationFromTimespec(now));
}

}  // namespace

ServiceManager::ServiceManager(const std::map<std::string, std::string>& environment, pid_t self,
                               telemetry::Log& log)
    : log_(log), address_(ValueOf(environment, "NOTIFY_SOCKET")) {
  if (address_.empty()) return;
  const bool is_known = address_[0] == '/' || address_[0] == '@';
  if (!is_known || address_.size() >= sizeof(sockaddr_un::sun_path)) {
    Warn("is neither a path nor an abstract socket that fits");
    return;
  }
  socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    Warn(std::strerror(errno));
    return;
  }
  const timeval patience{kPatienceSeconds, 0};
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  alive_interval_ = AliveInterval(environment, self);
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) close(socket_);
}

void ServiceManager::Ready(absl::string_view status) {
  Send(absl::StrCat("READY=1\n", Status(status)), true);
}

void ServiceManager::Reloading() {
  Send(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", MonotonicMicroseconds(), "\n",
                    Status("reading certificates and policies again")),
       true);
}

void ServiceManager::Stopping(absl::Duration longest) {
  Send(absl::StrCat(
           "STOPPING=1\nEXTEND_TIMEOUT_USEC=", absl::ToInt64Microseconds(longest + kTimeToEnd),
           "\n", Status("finishing the calls under way")),
       true);
}

void ServiceManager::Failed(absl::string_view reason) { Send(Status(reason), true); }

void ServiceManager::Alive() { Send("WATCHDOG=1", false); }

void ServiceManager::Send(const std::string& message, bool may_wait) {
  if (socket_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(address_.begin(), address_.end(), address.sun_path);
  // An abstract socket's name begins with a zero and ends with the address.
  if (address_[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const int flags = MSG_NOSIGNAL | (may_wait ? 0 : MSG_DONTWAIT);
  if (sendto(socket_, message.data(), message.size(), flags,
             reinterpret_cast<const sockaddr*>(&address), size) < 0) {
    Warn(std::strerror(errno));
  }
}

void ServiceManager::Warn(absl::string_view what) {
  if (warned_.exchange(true)) return;
  log_.Write(telemetry::LogLevel::kWarning, "the service manager cannot be told how mutexd is",
             {{"NOTIFY_SOCKET", address_}, {"error", what}});
}

}  // namespace mutexd::app
