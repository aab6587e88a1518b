// Fails at once while Amplitude is plainly down, instead of letting every call wait for the same
// failure, and asks again gently.
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/circuit.h"
#include "service/amplitude/policy_observer.h"

namespace mutexd::amplitude {

// While the circuit is open requests fail with UNAVAILABLE/AMPLITUDE_UNAVAILABLE, metadata
// `circuit` `open`, and RetryInfo that says when the next probe is due. One request at a time is
// the probe.
class CircuitApi final : public AmplitudeApi {
 public:
  // The references must outlive it and its coroutines. Probes hold on to the circuit: coroutines
  // may be destroyed together with their loop, after everything else.
  CircuitApi(AmplitudeApi& inner, std::shared_ptr<Circuit> circuit, PolicyObserver& observer)
      : inner_(inner), circuit_(std::move(circuit)), observer_(observer) {}

  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> List(
      Call& call, ListQuery query) override;
  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> Get(Call& call,
                                                                           std::string id) override;
  asio::awaitable<WriteResult> Edit(Call& call, std::string id, GroupEdit edit) override;
  asio::awaitable<WriteResult> EditSlot(Call& call, std::string id, int path_index,
                                        SlotEdit edit) override;
  asio::awaitable<CreateResult> Create(Call& call, const v1::MutexGroup& group) override;

 private:
  template <typename Result, typename MakeRequest>
  asio::awaitable<Result> Guard(Operation operation, MakeRequest make_request);

  absl::Status Refusal(Operation operation);

  AmplitudeApi& inner_;
  const std::shared_ptr<Circuit> circuit_;
  PolicyObserver& observer_;
};

}  // namespace mutexd::amplitude
