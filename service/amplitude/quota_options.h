// How many requests a management key has.
#pragma once

#include <cmath>
#include <cstdint>

namespace mutexd::amplitude {

struct QuotaOptions {
  int per_second = 100;            // at least 1
  std::int64_t per_day = 100'000;  // at least 1
  double write_reserve = 0.1;      // the share of the day that is kept for writes; 0 to below 1

  // How many requests of the day are for writes only. 0.29 of 100 is 29, although a little less as
  // a product of doubles.
  std::int64_t KeptForWrites() const {
    return static_cast<std::int64_t>(
        std::floor(write_reserve * static_cast<double>(per_day) + 1e-6));
  }
};

}  // namespace mutexd::amplitude
