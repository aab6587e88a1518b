#include "tests/unit/http/fake_resolver.h"

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
  std::string blocked_host;  // empty: nothing blocks
  std::function<void()> on_lookup;
  int blocked = 0;
  std::string known_host;  // empty: none
  std::vector<std::string> addresses;
};

State& GetState() {
  static auto* const state = new State;  // lookups may outlive statics
  return *state;
}

// True when the lookup was of the blocked host, and has been let go.
bool BlockLookup(const char* host) {
  State& state = GetState();
  std::unique_lock lock(state.mutex);
  if (host == nullptr || state.blocked_host.empty() || state.blocked_host != host) return false;
  ++state.blocked;
  if (state.on_lookup) state.on_lookup();
  state.changed.wait(lock, [&state] { return state.blocked_host.empty(); });
  --state.blocked;
  state.changed.notify_all();
  return true;
}

std::vector<std::string> KnownAddresses(const char* host) {
  State& state = GetState();
  const std::lock_guard lock(state.mutex);
  if (host == nullptr || state.known_host != host) return {};
  return state.addresses;
}

using GetAddrInfo = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

// One list of all, as the C library makes them: each entry is an allocation of its own.
int LookUpAll(GetAddrInfo original, const std::vector<std::string>& addresses, const char* service,
              const addrinfo* hints, addrinfo** result) {
  addrinfo** end = result;
  for (const std::string& address : addresses) {
    if (const int error = original(address.c_str(), service, hints, end); error != 0) return error;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return 0;
}

}  // namespace

BlockingResolver::BlockingResolver(std::string host) {
  const std::lock_guard lock(GetState().mutex);
  GetState().blocked_host = std::move(host);
}

BlockingResolver::~BlockingResolver() {
  State& state = GetState();
  std::unique_lock lock(state.mutex);
  state.blocked_host.clear();
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

ScopedAddresses::ScopedAddresses(std::string host, std::vector<std::string> addresses) {
  const std::lock_guard lock(GetState().mutex);
  GetState().known_host = std::move(host);
  GetState().addresses = std::move(addresses);
}

ScopedAddresses::~ScopedAddresses() {
  const std::lock_guard lock(GetState().mutex);
  GetState().known_host.clear();
  GetState().addresses.clear();
}

namespace {

int LookUp(const char* host, const char* service, const addrinfo* hints, addrinfo** result) {
  static const auto original = reinterpret_cast<GetAddrInfo>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (BlockLookup(host)) return EAI_AGAIN;
  const std::vector<std::string> addresses = KnownAddresses(host);
  return addresses.empty() ? original(host, service, hints, result)
                           : LookUpAll(original, addresses, service, hints, result);
}

}  // namespace

}  // namespace mutexd::http

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  return mutexd::http::LookUp(host, service, hints, result);
}
