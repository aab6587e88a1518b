// What travels with every request to Amplitude: for whom it is made and until when it matters.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "service/amplitude/monotonic_time.h"
#include "service/amplitude/write_guard.h"

namespace mutexd::amplitude {

struct FetchedGroup;

// A management key, and whose it is.
struct Credential {
  std::string management_key;
  bool from_caller = false;  // false: the service's own
};

// One RPC. Lives from its arrival to its reply, on the event loop; requests hold references to it.
struct Call {
  std::string rpc_id;  // names the RPC in trailers, logs and the audit trail
  std::string caller;  // who called, as far as it is known; empty otherwise
  std::string method;  // such as "ListMutexGroups"

  // Who shares the quota fairly with whom: the caller, or its connection where nobody is known.
  std::string share;

  // The key to use; null stands for the service's own key of that moment.
  std::shared_ptr<const Credential> credential;

  // The work must have ended by then: some way before the RPC's own deadline.
  MonotonicTime deadline = MonotonicTime::max();

  // All requests made for a write count as writes, its reads included.
  bool is_write = false;

  // Of a write: how many requests it takes when all goes well. It does not begin unless so many are
  // left of the day.
  int requests_needed = 0;

  // Of a write: which groups it may touch; null: all.
  std::shared_ptr<const WriteGuard> write_guard;

  // How old an answer to a read may be; zero asks Amplitude.
  absl::Duration max_staleness;

  // The part of the day's quota that is put aside for this call; given back with the call.
  std::shared_ptr<void> reservation;

  // Set once a POST or PATCH may have left for Amplitude.
  bool write_sent = false;

  // Set once Amplitude has answered the last POST or PATCH with 2xx, or a read has shown that it
  // took effect.
  bool write_accepted = false;

  // The request id of a create, the caller's or the one made for it: with it the call can be
  // repeated safely.
  std::string create_request_id;

  // The group that a create has made, as soon as its id is known, and where people find it.
  std::string created_group_id;
  std::string created_url;

  // Of a write: the group as it was read before, and as it was last seen after the write; null
  // where it was not. For the audit trail.
  std::shared_ptr<const FetchedGroup> group_before;
  std::shared_ptr<const FetchedGroup> group_after;

  // The last HTTP status that Amplitude answered with; 0 before.
  int http_status = 0;
};

}  // namespace mutexd::amplitude
