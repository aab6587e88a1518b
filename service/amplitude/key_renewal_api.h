// Lets the service's key change without a failing call: a decorator of AmplitudeApi.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/key_source.h"

namespace mutexd::amplitude {

// A request whose key Amplitude rejects is made again if the service has another key by then, twice
// at most: the key source is asked to look at once. Reads and writes alike, creates included, as a
// rejected request had no effect. A caller's own key is the caller's to change.
class KeyRenewalApi final : public AmplitudeApi {
 public:
  // All must outlive it and its coroutines.
  KeyRenewalApi(AmplitudeApi& inner, KeySource& keys, asio::thread_pool& workers)
      : inner_(inner), keys_(keys), workers_(workers) {}

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
  asio::awaitable<Result> WithRenewal(const Call& call, MakeRequest make_request);

  bool HasOtherThan(const Credential& rejected);

  AmplitudeApi& inner_;
  KeySource& keys_;
  asio::thread_pool& workers_;
};

}  // namespace mutexd::amplitude
