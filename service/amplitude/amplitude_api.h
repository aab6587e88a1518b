// Amplitude's five mutex-group endpoints.
//
// Implemented by AmplitudeClient over HTTP and by decorators (metrics, and the policies that are
// stacked in amplitude_stack.h). All coroutines run on the event loop; errors carry the reasons of
// error.h. Source of the facts: Amplitude's documentation of the Experiment management API.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mutexgroups/v1/mutex_group.pb.h"
#include "service/amplitude/amplitude_types.h"
#include "service/amplitude/call.h"

namespace mutexd::amplitude {

class AmplitudeApi {
 public:
  virtual ~AmplitudeApi() = default;

  // GET /api/1/mutexes. A page over 32 MiB is asked for again with half the limit, down to 1; the
  // limit that served is in the result.
  virtual asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> List(
      Call& call, ListQuery query) = 0;

  // GET /api/1/mutexes/{id}. NOT_FOUND/MUTEX_GROUP_NOT_FOUND when there is none;
  // INTERNAL/MALFORMED_AMPLITUDE_REPLY also when the reply has another id.
  virtual asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> Get(
      Call& call, std::string id) = 0;

  // The group as it is known without a request, no older than Call::max_staleness; null otherwise.
  virtual std::shared_ptr<const FetchedGroup> Known(const Call& /*call*/,
                                                    const std::string& /*id*/) {
    return nullptr;
  }

  // PATCH /api/1/mutexes/{id}. Absolute state: safe to repeat.
  virtual asio::awaitable<WriteResult> Edit(Call& call, std::string id, GroupEdit edit) = 0;

  // PATCH /api/1/mutexes/{id}/slots/{n}; `path_index` is n as it stands in the path. A 404 or 410
  // is NOT_FOUND/SLOT_NOT_FOUND. Absolute state: safe to repeat.
  virtual asio::awaitable<WriteResult> EditSlot(Call& call, std::string id, int path_index,
                                                SlotEdit edit) = 0;

  // POST /api/1/mutexes, on a fresh connection. `group` has key and salt. Not safe to repeat
  // without looking for the key first.
  virtual asio::awaitable<CreateResult> Create(Call& call, const v1::MutexGroup& group) = 0;
};

}  // namespace mutexd::amplitude
