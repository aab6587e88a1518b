// A check that also holds in optimized builds: libFuzzer reports the abort with its input.
#pragma once

#include <cstdio>
#include <cstdlib>

#define MUTEXD_REQUIRE(condition)                                                  \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)
