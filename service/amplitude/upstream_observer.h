// What metrics and logs learn of the requests to Amplitude.
#pragma once

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/amplitude/call.h"
#include "service/amplitude/status_table.h"
#include "service/http/http_transport.h"

namespace mutexd::amplitude {

// One request, from the moment before it is sent to the last byte of its reply. A use of
// AmplitudeApi may make several.
struct FinishedRequest {
  Operation operation = Operation::kList;
  int http_status = 0;                           // 0 where no head of a reply arrived
  std::optional<http::HttpFailureKind> failure;  // where there was no whole reply
  absl::Duration duration;
  std::size_t body_bytes_sent = 0;
  std::size_t body_bytes_received = 0;  // decompressed
};

// Called on the event loop; must not block, throw or call Amplitude.
class UpstreamObserver {
 public:
  virtual ~UpstreamObserver() = default;

  // One request more, and then one less, is in flight. The call is the one that it is made for.
  virtual void OnRequestStarted(const Call& call, Operation operation) = 0;
  virtual void OnRequestFinished(const Call& call, const FinishedRequest& request) = 0;

  // In a reply, `field` (such as "slots.name") had a wrong kind and was left unset, so often.
  virtual void OnFieldsOfWrongKind(Operation operation, absl::string_view field, int times) = 0;
};

}  // namespace mutexd::amplitude
