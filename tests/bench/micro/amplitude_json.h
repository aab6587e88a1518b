// Amplitude's JSON as the benchmarks decode it.
#pragma once

#include <string>

namespace mutexd::bench {

// A group of two slots, about 600 bytes.
std::string SmallGroupJson();

// A page of 1,000 groups, about 900 KB.
std::string PageJson();

}  // namespace mutexd::bench
