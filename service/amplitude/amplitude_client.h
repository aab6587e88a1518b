// AmplitudeApi over HTTP: one request to Amplitude for each use, but for pages that are too large.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/amplitude/amplitude_api.h"
#include "service/amplitude/clock.h"
#include "service/amplitude/codec.h"
#include "service/amplitude/key_source.h"
#include "service/amplitude/status_table.h"
#include "service/amplitude/upstream.h"
#include "service/amplitude/upstream_observer.h"
#include "service/http/http_transport.h"

namespace mutexd::amplitude {

struct AmplitudeClientOptions {
  Upstream upstream;

  // The most that one request may take. Whoever runs the call cancels it at its deadline.
  absl::Duration upstream_timeout = absl::Seconds(10);

  // Longer bodies are decoded on the worker pool.
  std::size_t max_inline_decode_bytes = std::size_t{64} << 10;
};

// Lives on the event loop. All that it is given must outlive it and its coroutines.
class AmplitudeClient final : public AmplitudeApi {
 public:
  AmplitudeClient(http::HttpTransport& transport, Clock& clock, KeySource& keys,
                  asio::thread_pool& workers, UpstreamObserver& observer,
                  AmplitudeClientOptions options);

  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedPage>>> List(
      Call& call, ListQuery query) override;
  asio::awaitable<absl::StatusOr<std::shared_ptr<const FetchedGroup>>> Get(Call& call,
                                                                           std::string id) override;
  asio::awaitable<WriteResult> Edit(Call& call, std::string id, GroupEdit edit) override;
  asio::awaitable<WriteResult> EditSlot(Call& call, std::string id, int path_index,
                                        SlotEdit edit) override;
  asio::awaitable<CreateResult> Create(Call& call, const v1::MutexGroup& group) override;

 private:
  struct Request {
    Asked asked;
    std::string path;
    std::string body;  // of a write
  };

  // How a request went. `response` is Amplitude's where `verdict` is OK, and without a body where
  // that was lost and is not needed.
  struct Exchanged {
    Verdict verdict;
    http::HttpResponse response;
    absl::Time read_time;
    MonotonicTime asked_at;
  };

  asio::awaitable<Exchanged> Exchange(Call& call, Request request);
  asio::awaitable<http::HttpResult> Send(Call& call, Operation operation,
                                         http::HttpRequest request);
  asio::awaitable<Verdict> JudgeReply(const Asked& asked, http::HttpResponse& response,
                                      const Credential& credential);
  asio::awaitable<WriteResult> Write(Call& call, Request request);

  absl::StatusOr<std::shared_ptr<const Credential>> KeyFor(const Call& call,
                                                           const Asked& asked) const;
  http::HttpRequest MakeHttpRequest(const Call& call, Request request,
                                    const Credential& credential) const;

  // Runs `decode`, which takes no arguments, on the loop or on the pool as the size of the body
  // asks.
  template <typename Decode>
  asio::awaitable<std::invoke_result_t<Decode&>> Decoded(std::size_t body_size, Decode decode);
  void Report(Operation operation, const WrongKinds& wrong_kinds);

  http::HttpTransport& transport_;
  Clock& clock_;
  KeySource& keys_;
  asio::thread_pool& workers_;
  UpstreamObserver& observer_;
  const AmplitudeClientOptions options_;
};

}  // namespace mutexd::amplitude
