#include "service/amplitude/amplitude_client.h"

#include <benchmark/benchmark.h>

#include <optional>

#include "tests/bench/micro/amplitude_json.h"
#include "tests/fakes/test_loop.h"

namespace mutexd::bench {
namespace {

// Has the same answer for every request, at once.
class InstantTransport final : public http::HttpTransport {
 public:
  explicit InstantTransport(http::HttpResponse answer) : answer_(std::move(answer)) {}

  asio::awaitable<http::HttpResult> Send(http::HttpRequest /*request*/) override {
    co_return answer_;
  }

 private:
  const http::HttpResponse answer_;
};

class NoObserver final : public amplitude::UpstreamObserver {
 public:
  void OnRequestStarted(const amplitude::Call&, amplitude::Operation) override {}
  void OnRequestFinished(const amplitude::Call&, const amplitude::FinishedRequest&) override {}
  void OnFieldsOfWrongKind(amplitude::Operation, absl::string_view, int) override {}
};

void GetSmallGroupThroughTheClient(benchmark::State& state) {
  InstantTransport transport({.status = 200, .body = SmallGroupJson()});
  fakes::TestLoop loop;
  asio::thread_pool workers(1);
  amplitude::FixedKey key("ampex_benchmark");
  NoObserver observer;
  amplitude::AmplitudeClientOptions options;
  options.upstream = amplitude::UpstreamAt("https://example.com");
  amplitude::AmplitudeClient client(transport, loop.clock(), key, workers, observer, options);
  for (auto _ : state) {
    amplitude::Call call;
    auto group = loop.Run(client.Get(call, "1234"));
    if (!group.ok()) state.SkipWithError("not read");
    benchmark::DoNotOptimize(group);
  }
}
BENCHMARK(GetSmallGroupThroughTheClient);

}  // namespace
}  // namespace mutexd::bench
