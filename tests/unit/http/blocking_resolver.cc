#include "tests/unit/http/blocking_resolver.h"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace mutexd::http {
namespace {

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  std::string host;  // empty: nothing blocks
  std::function<void()> on_lookup;
  int blocked = 0;
};

State& GetState() {
  static auto* const state = new State;  // lookups may outlive statics
  return *state;
}

// True when the lookup was of the blocked host, and has been let go.
bool BlockLookup(const char* host) {
  State& state = GetState();
  std::unique_lock lock(state.mutex);
  if (host == nullptr || state.host.empty() || state.host != host) return false;
  ++state.blocked;
  if (state.on_lookup) state.on_lookup();
  state.changed.wait(lock, [&state] { return state.host.empty(); });
  --state.blocked;
  state.changed.notify_all();
  return true;
}

}  // namespace

BlockingResolver::BlockingResolver(std::string host) {
  const std::lock_guard lock(GetState().mutex);
  GetState().host = std::move(host);
}

BlockingResolver::~BlockingResolver() {
  State& state = GetState();
  std::unique_lock lock(state.mutex);
  state.host.clear();
  state.on_lookup = nullptr;
  state.changed.notify_all();
  state.changed.wait(lock, [&state] { return state.blocked == 0; });
}

void BlockingResolver::OnLookup(std::function<void()> called) {
  State& state = GetState();
  const std::lock_guard lock(state.mutex);
  if (state.blocked > 0) called();
  state.on_lookup = std::move(called);
}

bool BlockingResolver::blocking() const {
  const std::lock_guard lock(GetState().mutex);
  return GetState().blocked > 0;
}

}  // namespace mutexd::http

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  if (mutexd::http::BlockLookup(host)) return EAI_AGAIN;
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto original = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return original(host, service, hints, result);
}
