// What went on lately and is so now, for the status page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/time/time.h"
#include "service/amplitude/policy_observer.h"

namespace mutexd::telemetry {

// Written by the observers of this folder, on the event loop; read there as a copy.
struct Activity {
  static constexpr std::size_t kRecentWrites = 20;

  struct Write {
    absl::Time time;
    std::string rpc_id;
    std::string caller;
    std::string method;
    std::string mutex_group_id;
    std::string code;
    std::string reason;  // empty where it succeeded
  };
  std::deque<Write> recent_writes;  // the newest first, at most kRecentWrites

  int calls_under_way = 0;
  std::int64_t calls_finished = 0;

  // Of requests to Amplitude. InfinitePast where there was none.
  int requests_under_way = 0;
  absl::Time last_success = absl::InfinitePast();  // answered with 2xx
  absl::Time last_failure = absl::InfinitePast();
  std::string last_failure_kind;  // such as "get: timeout" or "edit: 503"

  amplitude::CircuitState circuit = amplitude::CircuitState::kClosed;
  std::size_t cache_bytes = 0;
  std::size_t cache_entries = 0;
  std::int64_t cache_hits = 0;
  std::int64_t cache_misses = 0;
  std::size_t quota_waiting = 0;

  void AddWrite(Write write) {
    recent_writes.push_front(std::move(write));
    if (recent_writes.size() > kRecentWrites) recent_writes.pop_back();
  }
};

}  // namespace mutexd::telemetry
