#include "service/amplitude/group_cache.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace mutexd::bench {
namespace {

using amplitude::FetchedGroup;
using amplitude::FetchedPage;
using amplitude::MonotonicTime;

constexpr std::uint64_t kCredential = 7;
constexpr int kGroups = 1000;

MonotonicTime AskedAt() { return MonotonicTime(std::chrono::hours(1)); }

std::shared_ptr<const FetchedGroup> Group(const std::string& id) {
  auto fetched = std::make_shared<FetchedGroup>();
  auto* group = google::protobuf::Arena::CreateMessage<amplitude::v1::MutexGroup>(&fetched->arena);
  group->set_id(id);
  group->set_name("a group");
  fetched->group = group;
  fetched->asked_at = AskedAt();
  return fetched;
}

std::shared_ptr<const FetchedPage> Page() {
  auto page = std::make_shared<FetchedPage>();
  for (int i = 0; i < kGroups; ++i) {
    auto* group = google::protobuf::Arena::CreateMessage<amplitude::v1::MutexGroup>(&page->arena);
    group->set_id(absl::StrCat(i));
    page->entries.push_back({.group = group, .bytes = group->ByteSizeLong()});
  }
  page->limit = kGroups;
  page->asked_at = AskedAt();
  return page;
}

void CacheFindsAGroup(benchmark::State& state) {
  amplitude::GroupCache cache(std::size_t{32} << 20);
  for (int i = 0; i < kGroups; ++i) cache.KeepGroup(kCredential, Group(absl::StrCat(i)));
  int next = 0;
  for (auto _ : state) {
    auto found = cache.FindGroup(kCredential, absl::StrCat(++next % kGroups), AskedAt());
    if (found == nullptr) state.SkipWithError("not found");
    benchmark::DoNotOptimize(found);
  }
}
BENCHMARK(CacheFindsAGroup);

void CacheKeepsAPage(benchmark::State& state) {
  const std::shared_ptr<const FetchedPage> page = Page();
  for (auto _ : state) {
    amplitude::GroupCache cache(std::size_t{32} << 20);
    cache.KeepPage(kCredential, {.limit = kGroups}, page, 0);
    if (cache.entries() != 1) state.SkipWithError("not kept");
  }
  state.SetItemsProcessed(state.iterations() * kGroups);
}
BENCHMARK(CacheKeepsAPage);

}  // namespace
}  // namespace mutexd::bench
