#include "service/amplitude/fair_queue.h"

#include <benchmark/benchmark.h>

#include <deque>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace mutexd::bench {
namespace {

class Waiter final : public amplitude::FairQueue::Waiter {};

// One joins and one is served, while a thousand of so many shares wait.
void FairQueueJoinsAndServes(benchmark::State& state) {
  std::vector<std::string> shares;
  for (int i = 0; i < state.range(0); ++i) shares.push_back(absl::StrCat("share ", i));
  std::deque<Waiter> waiters(1001);
  amplitude::FairQueue queue;
  std::size_t joined = 0;
  const auto join = [&](Waiter& waiter) { queue.Join(waiter, shares[joined++ % shares.size()]); };
  for (std::size_t i = 0; i + 1 < waiters.size(); ++i) join(waiters[i]);
  Waiter* idle = &waiters.back();
  for (auto _ : state) {
    join(*idle);
    idle = static_cast<Waiter*>(queue.first());
    queue.PopFirst();
  }
  while (queue.first() != nullptr) queue.PopFirst();
}
BENCHMARK(FairQueueJoinsAndServes)->Arg(1)->Arg(200);

}  // namespace
}  // namespace mutexd::bench
