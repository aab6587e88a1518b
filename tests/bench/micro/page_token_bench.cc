#include "service/rpc/page_token.h"

#include <benchmark/benchmark.h>

namespace mutexd::bench {
namespace {

void PageTokenThereAndBack(benchmark::State& state) {
  mutexgroups::v1::ListMutexGroupsRequest request;
  request.mutable_filter()->set_project_id(271828);
  const groups::ListPosition position = {.cursor = "3000", .limit = 1000, .skip = 417};
  for (auto _ : state) {
    const std::string token = rpc::EncodePageToken(position, request);
    auto decoded = rpc::DecodePageToken(token, request);
    if (!decoded.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(decoded);
  }
}
BENCHMARK(PageTokenThereAndBack);

}  // namespace
}  // namespace mutexd::bench
