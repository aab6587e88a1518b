#include "service/amplitude/codec.h"

#include <benchmark/benchmark.h>

#include "service/amplitude/etag.h"
#include "service/amplitude/request_body.h"
#include "tests/bench/micro/amplitude_json.h"

namespace mutexd::bench {
namespace {

// Decoding takes the body over and changes it, so each time has a copy, which is not much beside
// it.
void DecodeSmallGroup(benchmark::State& state) {
  const std::string body = SmallGroupJson();
  for (auto _ : state) {
    amplitude::WrongKinds wrong_kinds;
    auto group = amplitude::DecodeGroup(body, wrong_kinds);
    if (!group.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(group);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(DecodeSmallGroup);

void DecodePageOf1000(benchmark::State& state) {
  const std::string body = PageJson();
  for (auto _ : state) {
    amplitude::WrongKinds wrong_kinds;
    auto page = amplitude::DecodePage(body, wrong_kinds);
    if (!page.ok() || (*page)->entries.size() != 1000) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(page);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(DecodePageOf1000)->Unit(benchmark::kMicrosecond);

void EtagOfSmallGroup(benchmark::State& state) {
  amplitude::WrongKinds wrong_kinds;
  const auto group = amplitude::DecodeGroup(SmallGroupJson(), wrong_kinds);
  for (auto _ : state) benchmark::DoNotOptimize(amplitude::Etag(*(*group)->group));
}
BENCHMARK(EtagOfSmallGroup);

void CreateBodyOfSmallGroup(benchmark::State& state) {
  amplitude::WrongKinds wrong_kinds;
  const auto group = amplitude::DecodeGroup(SmallGroupJson(), wrong_kinds);
  for (auto _ : state) benchmark::DoNotOptimize(amplitude::CreateBody(*(*group)->group));
}
BENCHMARK(CreateBodyOfSmallGroup);

}  // namespace
}  // namespace mutexd::bench
