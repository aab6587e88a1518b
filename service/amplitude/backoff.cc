#include "service/amplitude/backoff.h"

#include <algorithm>
#include <random>
#include <utility>

namespace mutexd::amplitude {

double NextRandomUnit() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

Backoff::Backoff(RandomUnit random, BackoffOptions options)
    : random_(std::move(random)), options_(options), ceiling_(options.first) {}

absl::Duration Backoff::Next() {
  const absl::Duration ceiling = std::min(ceiling_, options_.longest);
  ceiling_ = ceiling * 2;
  return ceiling * random_();
}

}  // namespace mutexd::amplitude
